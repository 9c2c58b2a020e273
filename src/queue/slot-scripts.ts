import { LINE_KEEP_MS } from './turn-scripts.ts';

/**
 * Lua that paces the sends: over all workers, per chat and per group. It works on the chats' lines (turn-scripts.ts) and
 * on keys of its own:
 *   pace             hash  last: the time of the last send slot handed out, over all workers (ms)
 *   gate:<chat>      hash  at: the chat's last slot; id: who got it; until: blocked (flood wait) until then (ms)
 *   sent:<chat>      list  a group's newest slots, for its limit per minute
 *   floods           zset  chat → time of its last flood wait
 */

/** A group's limit counts sends within one minute, in ms (Telegram: 20 per minute). */
const GROUP_WINDOW_MS = 60_000;
/** Two chats that are told to wait within this time mean the whole bot, in ms. */
const FLOOD_WINDOW_MS = 5_000;
/** Idle state of a chat is forgotten after this time, in ms; above every window. */
const FORGET_MS = 120_000;
/** A slot that opens this soon after ours is waited for in place, in ms. */
const SOON_MS = 5;
/** Shortest deferral, in ms: bounds how often a waiting alert is looked at. */
const MIN_DEFER_MS = 50;
/** Whoever waits behind others is woken by the one before it (see below), and looks by itself this seldom, in ms. */
const LOOK_MS = 1_000;
/** How many of a line are looked at for the one to wake: those in front may have ended meanwhile. */
const WAKE_SCAN = 20;
/** BullMQ keeps the time of a delayed job in the upper bits of its score (getDelayedScore). */
const DELAYED_SCALE = 4_096;

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

-- The next of the line that was put off goes as soon as the chat is open. One wakes the other, so that a long line
-- costs one look per alert and not many.
local function wakeNext(at)
  for _, other in ipairs(redis.call('ZRANGE', line, 1, ${WAKE_SCAN})) do
    if redis.call('EXISTS', base .. other) == 1 and not redis.call('ZSCORE', base .. 'failed', other) then
      redis.call('ZADD', base .. 'delayed', 'XX', 'LT', at * ${DELAYED_SCALE}, other)
      local soonest = redis.call('ZRANGE', base .. 'delayed', 0, 0, 'WITHSCORES')[2]
      if soonest then redis.call('ZADD', base .. 'marker', tonumber(soonest) / ${DELAYED_SCALE}, '1') end
      return
    end
  end
end

local attributes = redis.call('HMGET', gate, 'at', 'until', 'id')
-- A clock that was set back must stop neither the queue nor a chat: no slot is further away than one delay per worker
-- in flight.
local function slotTime(value)
  local at = tonumber(value)
  return at > now + 60 * math.max(sendDelay, 1000) and now or at
end
-- Slots that the chat still needs for those before us: one that is being sent has had its slot.
local ahead = rank
if rank > 0 and redis.call('ZRANGE', line, 0, 0)[1] == attributes[3] then ahead = rank - 1 end
local opens = tonumber(attributes[2] or '0')
if attributes[1] then opens = math.max(opens, slotTime(attributes[1]) + chatDelay) end

-- When the chat's n-th next slot opens (0 = the next one), by its limit per minute.
local function groupOpens(n)
  if groupLimit == 0 then return 0 end
  local rounds = math.floor(n / groupLimit)
  local earlier = redis.call('LINDEX', sent, groupLimit - 1 - n % groupLimit)
  if not earlier then return rounds > 0 and now + rounds * ${GROUP_WINDOW_MS} or 0 end
  return slotTime(earlier) + (rounds + 1) * ${GROUP_WINDOW_MS}
end

local last = slotTime(redis.call('HGET', base .. 'pace', 'last') or '0')
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
  wakeNext(math.max(slot + math.max(chatDelay, ${MIN_DEFER_MS}), groupOpens(0)))
  return { 1, slot - now }
end
-- Each waits longer than the one before it, also while the first does not move: else a long line would do nothing but
-- look whether it may go, and keep other chats waiting.
local soonest = math.max(opens, now + ${MIN_DEFER_MS})
local wake = math.max(soonest + ahead * math.max(chatDelay, ${LOOK_MS}), groupOpens(ahead))
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
