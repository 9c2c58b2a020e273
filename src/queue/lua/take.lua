--[[
Asks for the next send of an alert: the one send per delay over all workers, and within it the limits of its chat.

KEYS
  1  line   zset  the chat's alerts in their order (reserve.lua)
  2  gate   hash  at: the chat's last send (ms); id: the alert it was for; until: blocked by a flood wait until then (ms),
                  of wait ms
  3  sent   list  a group's newest sends (ms), for its limit per minute
  4  pace   hash  last: the last send of all (ms); until, wait: a pause of all, as above (block.lua)
  5  pending, 6 due, 7 chats, 8 held, 9 clock: as in reserve.lua
  10 text   string  the sealed text
  11 flood  hash  who was told to wait since the last delivery (block.lua)
ARGV
  1  id      2  chat
  3  '1' for high
  4  ms between two sends           5  ms between two sends to a chat
  6  sends to this chat per minute (0: no limit)
  7  ms that lines are kept at the longest
Returns
  {'go', ms, text, flooded}   send after ms (the slot is taken); text is false where Redis has lost it; flooded is 1 where
                              somebody was told to wait since the last delivery
  {'wait', ms, id, age}       not before ms; id: the first of the line, which has its place for age ms ('': it is this one)
  {'paused', ms}              nobody may send for ms
]]
-- A group's limit counts the sends of one minute (Telegram: 20).
local GROUP_WINDOW_MS = 60000
-- What is known of an idle chat is forgotten after this time: above every window, and above the outages during which an
-- alert that was put off keeps its place before the others of its chat.
local FORGET_MS = 3600000
-- A slot that opens this soon is waited for in place.
local SOON_MS = 5
-- Shortest wait: bounds how often an alert is looked at.
local MIN_WAIT_MS = 50
-- Whoever waits behind others is woken when the one before it leaves, and otherwise looks on its own this seldom.
local LOOK_MS = 1000
-- Most sends in flight of one worker (WORKER_CONCURRENCY): so far ahead a slot may have been handed out.
local MOST_AHEAD = 100
-- While the bot is suspected of a flood wait, one send is tried; without an answer the next one is, after this time.
local PROBE_MS = 5000
-- No pause of all is longer (block.lua); an earlier version's may be.
local MOST_PAUSE_MS = 60000

local line, gate, sent, pace, pending, due, chats, held, clock, text, flood = unpack(KEYS)
local id, chat = ARGV[1], ARGV[2]
local sendDelay, chatDelay, groupLimit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- A clock that was set back must stop neither the queue nor a chat: a send that is further ahead than slots are handed
-- out is one of just now, and no flood wait is longer than it was. Written down, so that the wait ends.
local function isAhead(at) return at > now + MOST_AHEAD * sendDelay + LOOK_MS end
local function timeOf(key, field)
  local at = tonumber(redis.call('HGET', key, field) or '0')
  if not isAhead(at) then return at end
  redis.call('HSET', key, field, now)
  return now
end
local function blockedUntil(key, most)
  local known = redis.call('HMGET', key, 'until', 'wait')
  local ends, longest = tonumber(known[1] or '0'), now + math.min(tonumber(known[2] or '0'), most)
  if ends <= longest then return ends end
  redis.call('HSET', key, 'until', longest)
  return longest
end

local pausedUntil = blockedUntil(pace, MOST_PAUSE_MS)
if pausedUntil > now then return { 'paused', pausedUntil - now } end

local score = redis.call('ZSCORE', line, id)
if not score then
  -- Its place was given up as abandoned, or Redis has lost it: it goes with those whose turn it is.
  local turn = tonumber(redis.call('HGET', clock, 'turn') or '1')
  local serial = redis.call('HINCRBY', clock, 'serial', 1)
  score = (2 * turn + (ARGV[3] == '1' and 0 or 1)) * 2 ^ 32 + serial % 2 ^ 32
  redis.call('ZADD', line, score, id)
  redis.call('PEXPIRE', line, ARGV[7])
  if redis.call('HSETNX', chats, id, chat) == 1 then
    redis.call('ZADD', pending, now, id)
    redis.call('HINCRBY', held, 'pending:' .. chat, 1)
  end
end
local turn = math.floor(tonumber(score) / 2 ^ 33)

-- Whoever was sent last and is still in the line goes first: nothing overtakes it when it comes back (further parts, a
-- flood wait, a dead worker).
local lastOfChat = redis.call('HGET', gate, 'id')
local holder = lastOfChat and redis.call('ZSCORE', line, lastOfChat) and lastOfChat
local first = holder or redis.call('ZRANGE', line, 0, 0)[1]

local opens = math.max(blockedUntil(gate, math.huge), timeOf(gate, 'at') + chatDelay)
if isAhead(tonumber(redis.call('LINDEX', sent, 0) or '0')) then
  for index, at in ipairs(redis.call('LRANGE', sent, 0, -1)) do
    redis.call('LSET', sent, index - 1, math.min(tonumber(at), now))
  end
end

-- When the chat's n-th next send is allowed (0: the next one), by its limit per minute.
local function groupOpens(n)
  if groupLimit == 0 then return 0 end
  local rounds = math.floor(n / groupLimit)
  local earlier = redis.call('LINDEX', sent, groupLimit - 1 - n % groupLimit)
  if not earlier then return rounds > 0 and now + rounds * GROUP_WINDOW_MS or 0 end
  return tonumber(earlier) + (rounds + 1) * GROUP_WINDOW_MS
end

local slot = math.max(now, timeOf(pace, 'last') + sendDelay)
local open = math.max(opens, groupOpens(0))
if first == id and open <= slot + SOON_MS then
  slot = math.max(slot, open)
  redis.call('HSET', pace, 'last', slot)
  redis.call('HSET', gate, 'at', slot, 'id', id)
  redis.call('PEXPIRE', gate, math.max(FORGET_MS, chatDelay * 2, opens - now + FORGET_MS))
  if groupLimit > 0 then
    redis.call('LPUSH', sent, slot)
    redis.call('LTRIM', sent, 0, groupLimit - 1)
    redis.call('PEXPIRE', sent, 2 * GROUP_WINDOW_MS)
  end
  if turn > tonumber(redis.call('HGET', clock, 'turn') or '1') then redis.call('HSET', clock, 'turn', turn) end
  local level = redis.call('HGET', flood, 'level')
  if level and tonumber(level) > 0 then
    redis.call('HSET', flood, 'probe', chat)
    redis.call('HSET', pace, 'until', slot + PROBE_MS, 'wait', slot - now + PROBE_MS)
  end
  return { 'go', slot - now, redis.call('GET', text), level and 1 or 0 }
end

local rank = redis.call('ZRANK', line, id)
local ahead = rank
if first == id then
  ahead = 0
elseif holder and redis.call('ZRANK', line, holder) > rank then
  ahead = rank + 1
end
-- Each waits longer than the one before it, also while the first does not move: else a long line would do nothing but
-- look whether it may go. One that is being sent has had its slot.
local slots = (ahead > 0 and holder) and ahead - 1 or ahead
local soonest = math.max(opens, now + MIN_WAIT_MS)
local wake = math.max(soonest + slots * math.max(chatDelay, LOOK_MS), groupOpens(slots))
if first == id then return { 'wait', math.ceil(wake - now), '', 0 } end
-- Of a clock that was set back since it took its place: it counts from now.
for _, places in ipairs({ pending, due }) do
  local since = redis.call('ZSCORE', places, first)
  if since then
    if tonumber(since) > now then redis.call('ZADD', places, 'XX', now, first) end
    return { 'wait', math.ceil(wake - now), first, math.max(0, now - tonumber(since)) }
  end
end
return { 'wait', math.ceil(wake - now), first, now }
