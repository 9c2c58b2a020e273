--[[
Telegram asked to wait (429): nothing is sent to this chat for a while, and to nobody where another chat was told the same
a moment ago, because the answer does not say whether the chat or the whole bot is meant.

KEYS
  1  gate  hash  until, wait: the chat's flood wait (take.lua)
  2  pace  hash  until, wait: the whole bot's; flooded, floodedAt: the chat that was told to wait last, and when (ms)
ARGV
  1  chat    2  ms to wait
Returns 1 where all sends are blocked now, else 0.
]]
-- Two chats that are told to wait within this time mean the whole bot.
local FLOOD_WINDOW_MS = 5000
-- What is known of an idle chat is forgotten after this time, as in take.lua.
local FORGET_MS = 3600000

local gate, pace = unpack(KEYS)
local chat, ms = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Of two flood waits the later end counts.
local function block(key)
  local known = redis.call('HMGET', key, 'until', 'wait')
  local left = math.min(tonumber(known[1] or '0') - now, tonumber(known[2] or '0'))
  local wait = math.max(ms, left)
  redis.call('HSET', key, 'until', now + wait, 'wait', wait)
  return wait
end

redis.call('PEXPIRE', gate, block(gate) + FORGET_MS)
local last = redis.call('HMGET', pace, 'flooded', 'floodedAt')
redis.call('HSET', pace, 'flooded', chat, 'floodedAt', now)
local isAnother = last[1] and last[1] ~= chat and math.abs(now - tonumber(last[2])) < FLOOD_WINDOW_MS
if not isAnother then return 0 end
block(pace)
return 1
