--[[
Reserves places for alerts, in their order, before BullMQ is asked to add them: checks the caps, gives each alert that is
due its turn and its place in its chat's line, and keeps its sealed text. An alert that has its place keeps it.

A turn is the virtual time of start-time fair queueing: the later of the clock (the turn of the alert sent last) and the
chat's next free turn. High alerts are a flow of their own of their chat. BullMQ's priority is 2 * turn + (high ? 0 : 1).

KEYS
  1  pending    zset  alert id → ms: since when it counts for the cap of pending ones
  2  scheduled  zset  alert id → ms: when it is due
  3  due        zset  alert id → ms: since when a scheduled one has its turn; it still counts as scheduled
  4  chats      hash  alert id → its chat, of all that have a place
  5  held       hash  'pending:<chat>', 'scheduled:<chat>' → how many the chat holds
  6  clock      hash  turn: the virtual time; serial: counts on with each place asked for
  7  next       zset  flow → its next free turn
  then per alert
     line       zset  alert id → priority * 2^32 + serial: the chat's alerts in their order
     text       string  the sealed text
ARGV
  1  most pending alerts            2  most of one chat (0: no bound of its own)
  3  most scheduled alerts          4  most of one chat
  5  highest turn                   6  ms that lines and texts are kept at the longest
  then per alert
     id, chat, '1' for high, '' | ms when it is due | 'due', the sealed text ('': it is there already)
Returns, per alert, its priority (1: scheduled, no turn yet), or
  -1 the queue is full, -2 for its chat, -3 the schedule is full, -4 for its chat, -5 its text is gone,
  -6 it no longer has a place (due alerts only)
]]
local SHARED_KEYS, KEYS_EACH, SHARED_ARGS, ARGS_EACH = 7, 2, 6, 5
local QUEUE_FULL, CHAT_FULL, SCHEDULE_FULL, CHAT_SCHEDULE_FULL, NO_TEXT, NO_PLACE = -1, -2, -3, -4, -5, -6
local NO_TURN = 1
local pending, scheduled, due, chats, held, clock, nextTurns = unpack(KEYS, 1, SHARED_KEYS)
local most = { pending = tonumber(ARGV[1]), scheduled = tonumber(ARGV[3]) }
local mostOfChat = { pending = tonumber(ARGV[2]), scheduled = tonumber(ARGV[4]) }
local maxTurn, keepMs = tonumber(ARGV[5]), ARGV[6]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Read once for all alerts of the call.
local turnNow = tonumber(redis.call('HGET', clock, 'turn') or '1')
local dueCount = redis.call('ZCARD', due)
local count = { pending = redis.call('ZCARD', pending), scheduled = redis.call('ZCARD', scheduled) + dueCount }
local waiting = count.pending + dueCount
local serial
local isKept = {}

local function nextSerial()
  if not serial then
    local alerts = (#ARGV - SHARED_ARGS) / ARGS_EACH
    serial = redis.call('HINCRBY', clock, 'serial', alerts) - alerts
    redis.call('ZREMRANGEBYSCORE', nextTurns, '-inf', turnNow)
  end
  serial = serial + 1
  return serial
end

local function takeTurn(id, chat, isHigh, line)
  local flow = isHigh and chat .. ':high' or chat
  local free = tonumber(redis.call('ZSCORE', nextTurns, flow) or '1')
  -- Past the highest turn BullMQ orders equals: plain first in, first out, until the queue is empty.
  local turn = math.min(math.max(turnNow, free), maxTurn)
  local priority = 2 * turn + (isHigh and 0 or 1)
  redis.call('ZADD', line, priority * 2 ^ 32 + nextSerial() % 2 ^ 32, id)
  redis.call('ZADD', nextTurns, turn + 1, flow)
  if not isKept[line] then redis.call('PEXPIRE', line, keepMs) end
  isKept[line] = true
  return priority
end

local function knownTurn(id, line)
  local known = redis.call('ZSCORE', line, id)
  return known and math.floor(tonumber(known) / 2 ^ 32)
end

-- Nobody waits: the clock starts over.
local function restartClockIfIdle()
  if waiting > 0 then return end
  redis.call('DEL', nextTurns)
  redis.call('HSET', clock, 'turn', 1)
  turnNow = 1
end

local function refusal(kind, chat)
  if count[kind] >= most[kind] then return kind == 'pending' and QUEUE_FULL or SCHEDULE_FULL end
  local bound = mostOfChat[kind]
  if bound > 0 and tonumber(redis.call('HGET', held, kind .. ':' .. chat) or '0') >= bound then
    return kind == 'pending' and CHAT_FULL or CHAT_SCHEDULE_FULL
  end
end

local function reserve(line, text, id, chat, isHigh, at, sealed)
  if at == 'due' then
    if redis.call('HEXISTS', chats, id) == 0 then return NO_PLACE end
    restartClockIfIdle()
    if redis.call('ZREM', scheduled, id) == 1 then
      redis.call('ZADD', due, now, id)
      waiting = waiting + 1
    end
    return knownTurn(id, line) or takeTurn(id, chat, isHigh, line)
  end
  if redis.call('HEXISTS', chats, id) == 1 then
    return redis.call('ZSCORE', scheduled, id) and NO_TURN
      or knownTurn(id, line)
      or takeTurn(id, chat, isHigh, line)
  end
  local kind = at == '' and 'pending' or 'scheduled'
  local refused = refusal(kind, chat)
  if refused then return refused end
  if sealed ~= '' then
    redis.call('SET', text, sealed, 'PX', keepMs)
  elseif redis.call('PEXPIRE', text, keepMs) == 0 then
    return NO_TEXT
  end
  redis.call('HSET', chats, id, chat)
  redis.call('HINCRBY', held, kind .. ':' .. chat, 1)
  count[kind] = count[kind] + 1
  if kind == 'scheduled' then
    redis.call('ZADD', scheduled, at, id)
    return NO_TURN
  end
  restartClockIfIdle()
  redis.call('ZADD', pending, now, id)
  waiting = waiting + 1
  return takeTurn(id, chat, isHigh, line)
end

local answers = {}
for at = SHARED_ARGS + 1, #ARGV, ARGS_EACH do
  local place = #answers
  local line, text = KEYS[SHARED_KEYS + place * KEYS_EACH + 1], KEYS[SHARED_KEYS + place * KEYS_EACH + 2]
  local id, chat, high, dueAt, sealed = unpack(ARGV, at, at + ARGS_EACH - 1)
  answers[place + 1] = reserve(line, text, id, chat, high == '1', dueAt, sealed)
end
return answers
