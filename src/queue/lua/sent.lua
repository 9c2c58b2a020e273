--[[
A send began later than its slot was (a late timer, a busy process): the next slot keeps its distance from the send.

KEYS  1  pace  hash  last: the last send of all (ms)
ARGV  1  ms since the send began
]]
local time = redis.call('TIME')
local began = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(ARGV[1])
if began > tonumber(redis.call('HGET', KEYS[1], 'last') or '0') then redis.call('HSET', KEYS[1], 'last', began) end
