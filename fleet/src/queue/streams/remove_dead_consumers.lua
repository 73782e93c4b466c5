-- Removes consumers that are not alive and have nothing pending: looked at and removed in one step, since removing one
-- that has something pending would lose it.
-- KEYS: a stream
-- ARGV: group, then the names of all that are alive
-- Returns: how many were removed
local alive = {}
for index = 2, #ARGV do
    alive[ARGV[index]] = true
end
local removed = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    -- {'name', name, 'pending', count, ...}
    if not alive[consumer[2]] and consumer[4] == 0 then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer[2])
        removed = removed + 1
    end
end
return removed
