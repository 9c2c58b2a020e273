--[[
Telegram asked to wait (429). Its answer does not say whether the chat or the whole bot is meant. The chat waits for as long
as it was told; whether the bot has to is found out by trying others:
  a second chat is told to wait, and nothing was delivered since the first   the bot is suspected: a pause of seconds
  the one that is tried after it (take.lua) is told to wait, too             the bot is meant: a longer pause, then the next
  a message is delivered                                                     it is over (answered.lua)

KEYS
  1  gate   hash  until, wait: the chat's flood wait (take.lua)
  2  pace   hash  until, wait: the pause of all
  3  flood  hash  since the last delivery: level: 0 a chat was told to wait, 1 the bot is suspected, from 2 up it is meant;
                  probe: the chat that is being tried; chat:<chat>: was told to wait
ARGV
  1  chat    2  ms to wait
Returns the level.
]]
-- The first pause, doubled each time, up to the longest, in ms: never is the bot silent for long without trying.
local FIRST_PAUSE_MS = 5000
local MOST_PAUSE_MS = 60000
-- A chat that was told to wait so long ago, with nothing sent since, is no evidence any more.
local FORGET_EVIDENCE_MS = 600000
-- What is known of an idle chat is forgotten after this time, as in take.lua.
local FORGET_MS = 3600000

local gate, pace, flood = unpack(KEYS)
local chat, ms = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Of two flood waits of a chat the later end counts.
local known = redis.call('HMGET', gate, 'until', 'wait')
local wait = math.max(ms, math.min(tonumber(known[1] or '0') - now, tonumber(known[2] or '0')))
redis.call('HSET', gate, 'until', now + wait, 'wait', wait)
redis.call('PEXPIRE', gate, wait + FORGET_MS)

local level = tonumber(redis.call('HGET', flood, 'level') or '-1')
local isProbe = redis.call('HGET', flood, 'probe') == chat
local isNew = redis.call('HSETNX', flood, 'chat:' .. chat, 1) == 1
if isProbe then redis.call('HDEL', flood, 'probe') end

local before = level
if level == -1 then
  level = 0
elseif level == 0 then
  if isNew then level = 1 end
elseif isProbe and (isNew or level > 1) then
  level = level + 1
end
redis.call('HSET', flood, 'level', level)
redis.call('PEXPIRE', flood, FORGET_EVIDENCE_MS)

if level > math.max(before, 0) then
  local pause = math.min(ms, FIRST_PAUSE_MS * 2 ^ math.min(level - 1, 10), MOST_PAUSE_MS)
  redis.call('HSET', pace, 'until', now + pause, 'wait', pause)
elseif isProbe then
  -- A chat that was told so before proves nothing: the next one is tried at once.
  redis.call('HDEL', pace, 'until', 'wait')
end
return level
