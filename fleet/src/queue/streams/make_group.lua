-- Makes a stream and its group, so that bells that rang before are heard too. A full server refuses that: then the
-- stream, which nobody can have heard without the group, is given up, for bells can be rung again. Nothing that comes
-- after a first write in a script is refused.
-- KEYS: a stream
-- ARGV: group
-- Returns: 1 if the group was made, 0 if it was there
local there = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if not there.err then
    for _, group in ipairs(there) do
        -- {'name', name, ...}
        if group[2] == ARGV[1] then
            return 0
        end
    end
end
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err then
    if not string.find(made.err, 'OOM', 1, true) then
        return made
    end
    redis.call('DEL', KEYS[1])
    redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
end
return 1
