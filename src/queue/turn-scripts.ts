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
 */

/** BullMQ's highest priority is 2^21: turns end at half of it, then they are renumbered. */
export const MAX_TURN = 2 ** 20 - 2;

/** A chat's line is forgotten after this time without a send, in ms: 7 days, the longest life of an alert. */
export const LINE_KEEP_MS = 604_800_000;

const TURN_FUNCTIONS = `
local function pinguiHasEnded(base, id)
  return redis.call('EXISTS', base .. id) == 0 or redis.call('ZSCORE', base .. 'failed', id)
end

-- Renumbers the turns in use as 1, 2, 3, ...: the order stays, what lies between them goes.
local function pinguiRenumberTurns(base)
  local held, turns, seen = {}, {}, {}
  local lists = { active = 'LRANGE', wait = 'LRANGE', prioritized = 'ZRANGE', delayed = 'ZRANGE' }
  for list, range in pairs(lists) do
    for _, id in ipairs(redis.call(range, base .. list, 0, -1)) do
      local priority = tonumber(redis.call('HGET', base .. id, 'priority') or '1')
      -- Scheduled ones have no turn yet.
      if priority > 1 then
        local turn = math.floor(priority / 2)
        held[#held + 1] = { id, priority, list == 'prioritized' }
        if not seen[turn] then
          seen[turn] = true
          turns[#turns + 1] = turn
        end
      end
    end
  end
  table.sort(turns)
  -- One more than there are turns in use before this one.
  local function place(turn)
    local low, high = 1, #turns + 1
    while low < high do
      local middle = math.floor((low + high) / 2)
      if turns[middle] < turn then low = middle + 1 else high = middle end
    end
    return low
  end
  for _, one in ipairs(held) do
    local id, priority = one[1], 2 * place(math.floor(one[2] / 2)) + one[2] % 2
    redis.call('HSET', base .. id, 'priority', priority)
    if one[3] then
      redis.call('ZADD', base .. 'prioritized',
        priority * 4294967296 + redis.call('INCR', base .. 'pc') % 4294967296, id)
    end
    local chat = string.match(redis.call('HGET', base .. id, 'data') or '', '"chat":"(%x+)"')
    if chat then redis.call('ZADD', base .. 'line:' .. chat, priority, id) end
  end
  redis.call('HSET', base .. 'turn', 'v', place(tonumber(redis.call('HGET', base .. 'turn', 'v') or '1')))
  local chats = redis.call('ZRANGE', base .. 'turn:next', 0, -1, 'WITHSCORES')
  for i = 1, #chats, 2 do
    redis.call('ZADD', base .. 'turn:next', place(tonumber(chats[i + 1])), chats[i])
  end
end

local function pinguiPending(base)
  return redis.call('LLEN', base .. 'wait') + redis.call('ZCARD', base .. 'delayed')
    + redis.call('ZCARD', base .. 'prioritized')
end

-- A high alert takes the place of the first normal one in its chat's line; each of those moves one place back. The
-- chat's turns stay the same, so other chats notice nothing.
local function pinguiOvertake(base, chat, free)
  local line = redis.call('ZREVRANGE', base .. 'line:' .. chat, 0, -1, 'WITHSCORES')
  for i = 1, #line, 2 do
    local id, priority = line[i], tonumber(line[i + 1])
    local waiting = redis.call('ZSCORE', base .. 'prioritized', id)
    if pinguiHasEnded(base, id) then
      -- From before the clock was started anew: it says nothing about those that wait now.
      redis.call('ZREM', base .. 'line:' .. chat, id)
    elseif priority % 2 == 0 then
      break
    elseif waiting or redis.call('ZSCORE', base .. 'delayed', id) then
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

-- The chat's next turn, and the virtual time.
local function pinguiNextTurn(base, chat)
  local now = tonumber(redis.call('HGET', base .. 'turn', 'v') or '1')
  return math.max(now, tonumber(redis.call('ZSCORE', base .. 'turn:next', chat) or '1')), now
end

local function pinguiTakeTurn(base, id, chat, high, maxTurn)
  if pinguiPending(base) == 0 and redis.call('LLEN', base .. 'active') == 0 then
    redis.call('DEL', base .. 'turn', base .. 'turn:next')
  end
  local turn, now = pinguiNextTurn(base, chat)
  if turn >= maxTurn then
    pinguiRenumberTurns(base)
    turn, now = pinguiNextTurn(base, chat)
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
`;

/** What the scripts answer when the cap is reached; BullMQ's own codes end at -9. */
export const QUEUE_FULL = -100;

/** Arguments of ADD_NOW before those of the alerts, and per alert. */
const ADD_NOW_SHARED = 3;
const ADD_NOW_EACH = 4;

/**
 * Adds alerts one after the other, each by BullMQ's own addPrioritizedJob behind the check of the cap, in one round trip:
 * what 50 concurrent requests add costs Redis and our socket as much as one command. ARGV: cap, max turn, the packed
 * options; then per alert the packed head, the data, the chat, '1' for high. Returns one answer per alert.
 */
export function addNowScript(addPrioritizedJob: string): string {
  return `${TURN_FUNCTIONS}
local function pinguiAddPrioritizedJob(KEYS, ARGV)
${addPrioritizedJob}
end
local cap, maxTurn, options = tonumber(ARGV[1]), tonumber(ARGV[2]), cmsgpack.unpack(ARGV[3])
local answers = {}
for at = ${ADD_NOW_SHARED + 1}, #ARGV, ${ADD_NOW_EACH} do
  local head = cmsgpack.unpack(ARGV[at])
  local base, id = head[1], head[2]
  local isKnown = redis.call('EXISTS', base .. id) == 1
  if not isKnown and pinguiPending(base) >= cap then
    answers[#answers + 1] = ${QUEUE_FULL}
  else
    if not isKnown then
      options['priority'] = pinguiTakeTurn(base, id, ARGV[at + 2], ARGV[at + 3] == '1', maxTurn)
    end
    answers[#answers + 1] = pinguiAddPrioritizedJob(KEYS, { ARGV[at], ARGV[at + 1], cmsgpack.pack(options) })
  end
end
return answers
`;
}

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
