-- Hears bells without waiting, from the most urgent stream on.
-- KEYS: streams of one label, the most urgent first
-- ARGV: group, consumer, how many bells at most
-- Returns: a list of {index of the stream in KEYS, entry id, job id}
local left = tonumber(ARGV[3])
local heard = {}
for index, stream in ipairs(KEYS) do
    if left <= 0 then
        break
    end
    local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', left, 'STREAMS', stream, '>')
    if reply then
        for _, entry in ipairs(reply[1][2]) do
            heard[#heard + 1] = {index, entry[1], entry[2][2]}
            left = left - 1
        end
    end
end
return heard
