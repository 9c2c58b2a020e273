--[[
Telegram asked to wait (429): nothing is sent to this chat for a while, and to nobody where other chats were told the
same a moment ago, since the answer does not say whether the chat or the whole bot is meant.

KEYS
  1  gate    hash  the chat's (take.lua)
  2  floods  zset  chat → ms: its last flood wait
  3  pace    hash  until: all sends are blocked until then (ms)
ARGV
  1  chat    2  ms to wait
Returns 1 where all sends are blocked now, else 0.
]]
-- Two chats that are told to wait within this time mean the whole bot.
local FLOOD_WINDOW_MS = 5000
-- What is known of an idle chat is forgotten after this time.
local FORGET_MS = 120000

local gate, floods, pace = unpack(KEYS)
local chat, ms = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Of two flood waits the later end counts.
local function blockUntil(key)
  local ends = math.max(now + ms, tonumber(redis.call('HGET', key, 'until') or '0'))
  redis.call('HSET', key, 'until', ends)
  return ends
end

redis.call('PEXPIRE', gate, blockUntil(gate) - now + FORGET_MS)
redis.call('ZADD', floods, now, chat)
redis.call('ZREMRANGEBYSCORE', floods, '-inf', now - FLOOD_WINDOW_MS)
redis.call('PEXPIRE', floods, FORGET_MS)
if redis.call('ZCARD', floods) < 2 then return 0 end
blockUntil(pace)
return 1
