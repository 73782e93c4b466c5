-- Answers bells: acknowledges and deletes them. Only deleting frees memory.
-- KEYS: a stream
-- ARGV: group, then entry ids, at most some thousands, for they go through Lua's stack
-- Returns: how many there were
redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 2))
return redis.call('XDEL', KEYS[1], unpack(ARGV, 2))
