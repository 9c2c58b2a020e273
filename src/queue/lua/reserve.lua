--[[
Reserves places for alerts, in their order, before BullMQ is asked to add them: checks the caps, gives each alert that is
due its turn and its place in its chat's line, and keeps its sealed text. An alert that has its place keeps it.

A turn is the virtual time of start-time fair queueing: the later of the clock (the turn of the alert sent last) and the
chat's next free turn. High alerts are a flow of their own of their chat. BullMQ's priority is 2 * turn + (high ? 0 : 1).

KEYS
  1  pending    zset  alert id → ms: since when it counts for the cap
  2  scheduled  zset  alert id → ms: when it is due; +inf once it has its turn
  3  turns      hash  alert id → its priority, while it is in a line
  4  chats      hash  alert id → its chat
  5  held       hash  'pending:<chat>', 'scheduled:<chat>' → how many the chat holds
  6  clock      hash  turn: the virtual time; serial: places given so far
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
  -1 the queue is full, -2 for its chat, -3 the schedule is full, -4 for its chat, -5 its text is gone
]]
local SHARED_KEYS, KEYS_EACH, SHARED_ARGS, ARGS_EACH = 7, 2, 6, 5
local QUEUE_FULL, CHAT_FULL, SCHEDULE_FULL, CHAT_SCHEDULE_FULL, NO_TEXT = -1, -2, -3, -4, -5
local NO_TURN = 1
local pending, scheduled, turns, chats, held, clock, nextTurns = unpack(KEYS, 1, SHARED_KEYS)
local most = { pending = tonumber(ARGV[1]), scheduled = tonumber(ARGV[3]) }
local mostOfChat = { pending = tonumber(ARGV[2]), scheduled = tonumber(ARGV[4]) }
local maxTurn, keepMs = tonumber(ARGV[5]), ARGV[6]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function takeTurn(id, chat, isHigh, line)
  local known = redis.call('HGET', turns, id)
  if known then return tonumber(known) end
  -- Nobody waits: the clock starts anew.
  if redis.call('HLEN', turns) == 0 then redis.call('DEL', nextTurns) redis.call('HSET', clock, 'turn', 1) end
  local current = tonumber(redis.call('HGET', clock, 'turn') or '1')
  local flow = isHigh and chat .. ':high' or chat
  local free = tonumber(redis.call('ZSCORE', nextTurns, flow) or '1')
  -- Past the highest turn BullMQ orders equals: plain first in, first out, until the queue is empty.
  local turn = math.min(math.max(current, free), maxTurn)
  redis.call('ZADD', nextTurns, turn + 1, flow)
  redis.call('ZREMRANGEBYSCORE', nextTurns, '-inf', current)
  local priority = 2 * turn + (isHigh and 0 or 1)
  local serial = redis.call('HINCRBY', clock, 'serial', 1)
  redis.call('HSET', turns, id, priority)
  redis.call('ZADD', line, priority * 2 ^ 32 + serial % 2 ^ 32, id)
  redis.call('PEXPIRE', line, keepMs)
  return priority
end

local function isFull(kind, key, chat)
  if redis.call('ZCARD', key) >= most[kind] then return true, false end
  local bound = mostOfChat[kind]
  return false, bound > 0 and tonumber(redis.call('HGET', held, kind .. ':' .. chat) or '0') >= bound
end

local function reserve(line, text, id, chat, isHigh, due, sealed)
  if due == 'due' then
    redis.call('ZADD', scheduled, 'XX', '+inf', id)
    return takeTurn(id, chat, isHigh, line)
  end
  if redis.call('HEXISTS', chats, id) == 1 then return tonumber(redis.call('HGET', turns, id) or NO_TURN) end
  local kind, key = 'pending', pending
  if due ~= '' then kind, key = 'scheduled', scheduled end
  local full, chatFull = isFull(kind, key, chat)
  if full then return kind == 'pending' and QUEUE_FULL or SCHEDULE_FULL end
  if chatFull then return kind == 'pending' and CHAT_FULL or CHAT_SCHEDULE_FULL end
  if sealed ~= '' then
    redis.call('SET', text, sealed, 'PX', keepMs)
  elseif redis.call('PEXPIRE', text, keepMs) == 0 then
    return NO_TEXT
  end
  redis.call('ZADD', key, due == '' and now or due, id)
  redis.call('HSET', chats, id, chat)
  redis.call('HINCRBY', held, kind .. ':' .. chat, 1)
  if due ~= '' then return NO_TURN end
  return takeTurn(id, chat, isHigh, line)
end

local answers = {}
for at = SHARED_ARGS + 1, #ARGV, ARGS_EACH do
  local place = #answers
  local line, text = KEYS[SHARED_KEYS + place * KEYS_EACH + 1], KEYS[SHARED_KEYS + place * KEYS_EACH + 2]
  local id, chat, high, due, sealed = unpack(ARGV, at, at + ARGS_EACH - 1)
  answers[place + 1] = reserve(line, text, id, chat, high == '1', due, sealed)
end
return answers
