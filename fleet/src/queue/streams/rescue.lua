-- Rings again, at the end of the stream, what was heard and not answered for too long. Adds before it removes.
-- KEYS: a stream
-- ARGV: group, consumer to rescue as, how long unanswered in ms, cursor, how many bells at most
-- Returns: {cursor to go on from, how many ring again}
local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
for _, entry in ipairs(claimed[2]) do
    redis.call('XADD', KEYS[1], '*', unpack(entry[2]))
    redis.call('XACK', KEYS[1], ARGV[1], entry[1])
    redis.call('XDEL', KEYS[1], entry[1])
end
return {claimed[1], #claimed[2]}
