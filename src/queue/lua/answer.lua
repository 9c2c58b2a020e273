--[[
Asks whether the bot may answer in a chat now. In a group its answers share the messages per minute with the alerts, and
take no more than their part of them.

KEYS
  1  gate      hash  until, wait: the chat's flood wait (take.lua)
  2  sent      list  the group's newest sends (ms), alerts and answers (take.lua)
  3  answered  list  the chat's newest answers (ms)
  4  answers   list  the newest answers of all chats (ms)
ARGV
  1  answers to the chat in a row, in as many times 2 ms
  3  answers in all per second
  4  sends to this chat per minute (0: no limit)   5  answers among them
  6  longest wait, in ms
Returns 0: now, and it is taken; above: ask again in so many ms; -1: it would have to wait for too long.
]]
local GROUP_WINDOW_MS = 60000
local SECOND_MS = 1000
-- As in take.lua.
local FORGET_MS = 3600000

local gate, sent, answered, answers = unpack(KEYS)
local burst, delay, perSecond, groupLimit, part, most = unpack(ARGV)
burst, delay, perSecond = tonumber(burst), tonumber(delay), tonumber(perSecond)
groupLimit, part, most = tonumber(groupLimit), tonumber(part), tonumber(most)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- When there are less than `count` in the window. A clock that was set back must not put anybody off for longer than that.
local function opens(list, count, window)
  local at = redis.call('LINDEX', list, count - 1)
  return at and math.min(tonumber(at), now) + window or 0
end
local known = redis.call('HMGET', gate, 'until', 'wait')
local slot = math.max(
  math.min(tonumber(known[1] or '0'), now + tonumber(known[2] or '0')),
  opens(answered, burst, burst * delay),
  opens(answers, perSecond, SECOND_MS)
)
if groupLimit > 0 then
  slot = math.max(slot, opens(sent, groupLimit, GROUP_WINDOW_MS), opens(answered, part, GROUP_WINDOW_MS))
end
if slot - now > most then return -1 end
if slot > now then return math.ceil(slot - now) end

local function note(list, length, keepMs)
  redis.call('LPUSH', list, now)
  redis.call('LTRIM', list, 0, length - 1)
  redis.call('PEXPIRE', list, keepMs)
end
note(answered, math.max(burst, part), 2 * GROUP_WINDOW_MS)
note(answers, perSecond, 2 * SECOND_MS)
if groupLimit > 0 then note(sent, groupLimit, 2 * GROUP_WINDOW_MS) end
-- The last that the chat takes in a row: its next alert keeps its distance (take.lua), else Telegram would refuse one of
-- the two.
if now < opens(answered, burst, burst * delay) then
  redis.call('HSET', gate, 'at', math.max(now, tonumber(redis.call('HGET', gate, 'at') or '0')))
  if redis.call('PTTL', gate) < FORGET_MS then redis.call('PEXPIRE', gate, FORGET_MS) end
end
return 0
