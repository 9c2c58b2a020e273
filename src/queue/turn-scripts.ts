/**
 * Lua that gives each alert its place. Everything lives in BullMQ's own prioritized set: an alert's priority is the
 * virtual time of its chat's turn (start-time fair queueing), so the set itself interleaves the chats.
 *
 *   priority = 2 × turn + (high ? 0 : 1); equal priorities stay first in, first out (BullMQ).
 *
 * Keys of ours, beside BullMQ's below the queue's prefix (`base`):
 *   turn             hash  v: the virtual time, the turn of the alert sent last
 *   turn:next        zset  chat → its next free turn
 *   line:<chat>      zset  alert id → priority: the chat's alerts in their order; one that is being sent keeps its place
 *                    until its job has ended, so that nothing overtakes it when it comes back (flood wait, dead worker)
 *   pace             hash  last: the time of the last send slot handed out, over all workers (ms)
 *   gate:<chat>      hash  at: the chat's last slot; id: who got it; until: blocked (flood wait) until then (ms)
 *   sent:<chat>      list  a group's newest slots, for its limit per minute
 *   floods           zset  chat → time of its last flood wait
 */

/** BullMQ's highest priority is 2^21: turns end at half of it, then the clock is set back (shiftTurns). */
export const MAX_TURN = 2 ** 20 - 2;

/** A group's limit counts sends within one minute, in ms (Telegram: 20 per minute). */
const GROUP_WINDOW_MS = 60_000;
/** Two chats that are told to wait within this time mean the whole bot, in ms. */
const FLOOD_WINDOW_MS = 5_000;
/** Idle state of a chat is forgotten after this time, in ms; above every window. */
const FORGET_MS = 120_000;
/** A chat's line is forgotten after this time without a send, in ms: 7 days, the longest life of an alert. */
const LINE_KEEP_MS = 604_800_000;
/** A slot that opens this soon after ours is waited for in place, in ms. */
const SOON_MS = 5;
/** Shortest deferral, in ms: bounds how often a waiting alert is looked at. */
const MIN_DEFER_MS = 50;

const TURN_FUNCTIONS = `
local function pinguiShiftTurns(base, by)
  local keys = { base .. 'prioritized', base .. 'delayed' }
  for _, key in ipairs(keys) do
    for _, id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local priority = tonumber(redis.call('HGET', base .. id, 'priority') or '1')
      if priority > 1 then
        local shifted = math.max(2 + priority % 2, priority - 2 * by)
        redis.call('HSET', base .. id, 'priority', shifted)
        if key == base .. 'prioritized' then
          redis.call('ZADD', key, shifted * 4294967296 + redis.call('INCR', base .. 'pc') % 4294967296, id)
        end
        local chat = string.match(redis.call('HGET', base .. id, 'data') or '', '"chat":"(%x+)"')
        if chat then redis.call('ZADD', base .. 'line:' .. chat, shifted, id) end
      end
    end
  end
  local chats = redis.call('ZRANGE', base .. 'turn:next', 0, -1, 'WITHSCORES')
  for i = 1, #chats, 2 do
    redis.call('ZADD', base .. 'turn:next', math.max(1, tonumber(chats[i + 1]) - by), chats[i])
  end
end

-- A high alert takes the place of the first normal one in its chat's line; each of those moves one place back. The
-- chat's turns stay the same, so other chats notice nothing.
local function pinguiOvertake(base, chat, free)
  local line = redis.call('ZREVRANGE', base .. 'line:' .. chat, 0, -1, 'WITHSCORES')
  for i = 1, #line, 2 do
    local id, priority = line[i], tonumber(line[i + 1])
    if priority % 2 == 0 then break end
    local waiting = redis.call('ZSCORE', base .. 'prioritized', id)
    if waiting or redis.call('ZSCORE', base .. 'delayed', id) then
      redis.call('HSET', base .. id, 'priority', free)
      redis.call('ZADD', base .. 'line:' .. chat, free, id)
      if waiting then
        redis.call('ZADD', base .. 'prioritized',
          free * 4294967296 + redis.call('INCR', base .. 'pc') % 4294967296, id)
      end
      free = priority
    end
  end
  return free - 1
end

local function pinguiTakeTurn(base, id, chat, high, maxTurn)
  if redis.call('ZCARD', base .. 'prioritized') == 0 and redis.call('ZCARD', base .. 'delayed') == 0
    and redis.call('LLEN', base .. 'active') == 0 then
    redis.call('DEL', base .. 'turn', base .. 'turn:next')
  end
  local now = tonumber(redis.call('HGET', base .. 'turn', 'v') or '1')
  local turn = math.max(now, tonumber(redis.call('ZSCORE', base .. 'turn:next', chat) or '1'))
  if turn >= maxTurn and now > 1 then
    pinguiShiftTurns(base, now - 1)
    redis.call('HSET', base .. 'turn', 'v', 1)
    turn = turn - now + 1
    now = 1
  end
  turn = math.min(turn, maxTurn)
  redis.call('ZADD', base .. 'turn:next', turn + 1, chat)
  redis.call('ZREMRANGEBYSCORE', base .. 'turn:next', '-inf', now)
  local priority = 2 * turn + 1
  if high then priority = pinguiOvertake(base, chat, priority) end
  redis.call('ZADD', base .. 'line:' .. chat, priority, id)
  redis.call('PEXPIRE', base .. 'line:' .. chat, ${LINE_KEEP_MS})
  return priority
end

local function pinguiPending(base)
  return redis.call('LLEN', base .. 'wait') + redis.call('ZCARD', base .. 'delayed')
    + redis.call('ZCARD', base .. 'prioritized')
end
`;

/** What the scripts answer when the cap is reached; BullMQ's own codes end at -9. */
export const QUEUE_FULL = -100;

/** Before BullMQ's addPrioritizedJob. ARGV[4] cap, [5] chat, [6] '1' for high, [7] max turn. */
export const ADD_NOW_PRELUDE = `${TURN_FUNCTIONS}
do
  local args = cmsgpack.unpack(ARGV[1])
  local base, id = args[1], args[2]
  if redis.call('EXISTS', base .. id) == 0 then
    if pinguiPending(base) >= tonumber(ARGV[4]) then return ${QUEUE_FULL} end
    local opts = cmsgpack.unpack(ARGV[3])
    opts['priority'] = pinguiTakeTurn(base, id, ARGV[5], ARGV[6] == '1', tonumber(ARGV[7]))
    ARGV[3] = cmsgpack.pack(opts)
  end
end
`;

/** Before BullMQ's addDelayedJob. ARGV[4] cap. A scheduled alert gets its turn when it is due (TURN_WHEN_DUE). */
export const ADD_LATER_PRELUDE = `${TURN_FUNCTIONS}
do
  local args = cmsgpack.unpack(ARGV[1])
  if redis.call('EXISTS', args[1] .. args[2]) == 0 and pinguiPending(args[1]) >= tonumber(ARGV[4]) then
    return ${QUEUE_FULL}
  end
end
`;

/** Before BullMQ's reprocessJob (failed → waiting). ARGV[7] cap, [8] base, [9] chat, [10] '1' for high, [11] max turn. */
export const REQUEUE_PRELUDE = `${TURN_FUNCTIONS}
do
  local base, id = ARGV[8], ARGV[1]
  if redis.call('ZSCORE', KEYS[3], id) then
    if pinguiPending(base) >= tonumber(ARGV[7]) then return ${QUEUE_FULL} end
    redis.call('HSET', base .. id, 'priority', pinguiTakeTurn(base, id, ARGV[9], ARGV[10] == '1', tonumber(ARGV[11])))
  end
end
`;

/** A scheduled alert is due: gives it a turn. ARGV: base, id, chat, high, max turn. Returns 1 if others are before it. */
export const TURN_WHEN_DUE = `${TURN_FUNCTIONS}
local base, id, chat = ARGV[1], ARGV[2], ARGV[3]
if tonumber(redis.call('HGET', base .. id, 'priority') or '1') > 1 then return 0 end
local priority = pinguiTakeTurn(base, id, chat, ARGV[4] == '1', tonumber(ARGV[5]))
redis.call('HSET', base .. id, 'priority', priority)
local first = redis.call('ZRANGE', base .. 'prioritized', 0, 0, 'WITHSCORES')
if first[2] and math.floor(tonumber(first[2]) / 4294967296) < priority then return 1 end
return 0
`;

/**
 * Asks for the next send of an alert. ARGV: base, id, chat, isGroup, send delay, chat delay, group limit, ms since the
 * caller's last call was under way.
 * Returns {1, ms}: go, after waiting ms; {0, ms}: defer for ms. The alert goes only as the first of its chat's line,
 * and so after the chat's alert before it has ended for good.
 */
export const TAKE_SLOT = `
local base, id, chat = ARGV[1], ARGV[2], ARGV[3]
local sendDelay, chatDelay, groupLimit = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if ARGV[4] ~= '1' then groupLimit = 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local line, gate, sent = base .. 'line:' .. chat, base .. 'gate:' .. chat, base .. 'sent:' .. chat
local priority = tonumber(redis.call('HGET', base .. id, 'priority') or '1')
redis.call('ZADD', line, priority, id)
redis.call('PEXPIRE', line, ${LINE_KEEP_MS})

-- Whoever is before us in the line, unless it has ended meanwhile.
while true do
  local first = redis.call('ZRANGE', line, 0, 0)[1]
  if first == id then break end
  if redis.call('EXISTS', base .. first) == 1 and not redis.call('ZSCORE', base .. 'failed', first) then break end
  redis.call('ZREM', line, first)
end
local rank = redis.call('ZRANK', line, id)

local attributes = redis.call('HMGET', gate, 'at', 'until', 'id')
-- Slots that the chat still needs for those before us: one that is being sent has had its slot.
local ahead = rank
if rank > 0 and redis.call('ZRANGE', line, 0, 0)[1] == attributes[3] then ahead = rank - 1 end
local opens = math.max(tonumber(attributes[1] or '0') + chatDelay, tonumber(attributes[2] or '0'))
if attributes[1] == false then opens = tonumber(attributes[2] or '0') end

-- When the chat's n-th next slot opens (0 = the next one), by its limit per minute.
local function groupOpens(n)
  if groupLimit == 0 then return 0 end
  local rounds = math.floor(n / groupLimit)
  local earlier = redis.call('LINDEX', sent, groupLimit - 1 - n % groupLimit)
  if not earlier then return rounds > 0 and now + rounds * ${GROUP_WINDOW_MS} or 0 end
  return tonumber(earlier) + (rounds + 1) * ${GROUP_WINDOW_MS}
end

local last = tonumber(redis.call('HGET', base .. 'pace', 'last') or '0')
-- A clock that was set back must not stop the queue: no slot is further away than one delay per worker in flight.
if last > now + 60 * math.max(sendDelay, 1000) then last = now end
local slot = math.max(now, last + sendDelay, now - tonumber(ARGV[8]) + sendDelay)
local open = math.max(opens, groupOpens(0))
if rank == 0 and open <= slot + ${SOON_MS} then
  slot = math.max(slot, open)
  redis.call('HSET', base .. 'pace', 'last', slot)
  redis.call('HSET', gate, 'at', slot, 'id', id)
  local blocked = tonumber(attributes[2] or '0')
  redis.call('PEXPIRE', gate, math.max(${FORGET_MS}, chatDelay * 2, blocked - now + ${FORGET_MS}))
  if groupLimit > 0 then
    redis.call('LPUSH', sent, slot)
    redis.call('LTRIM', sent, 0, groupLimit - 1)
    redis.call('PEXPIRE', sent, ${FORGET_MS})
  end
  local turn = math.floor(priority / 2)
  if turn > tonumber(redis.call('HGET', base .. 'turn', 'v') or '1') then
    redis.call('HSET', base .. 'turn', 'v', turn)
  end
  return { 1, slot - now }
end
-- Each waits longer than the one before it, also while the first does not move: else a long line would do nothing but
-- look whether it may go, and keep other chats waiting.
local soonest = math.max(opens, now + ${MIN_DEFER_MS})
local wake = math.max(soonest + ahead * math.max(chatDelay, ${MIN_DEFER_MS}), groupOpens(ahead))
return { 0, math.ceil(wake - now) }
`;

/** A flood wait of a chat. ARGV: base, chat, ms. Returns how many chats were told to wait lately. */
export const BLOCK_CHAT = `
local base, chat, ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local gate = base .. 'gate:' .. chat
-- Of two flood waits the later end counts.
local ends = math.max(now + ms, tonumber(redis.call('HGET', gate, 'until') or '0'))
redis.call('HSET', gate, 'until', ends)
redis.call('PEXPIRE', gate, ends - now + ${FORGET_MS})
redis.call('ZADD', base .. 'floods', now, chat)
redis.call('ZREMRANGEBYSCORE', base .. 'floods', '-inf', now - ${FLOOD_WINDOW_MS})
redis.call('PEXPIRE', base .. 'floods', ${FORGET_MS})
return redis.call('ZCARD', base .. 'floods')
`;
