--[[
An alert has ended, or was refused after it had got its place: gives up the place, and the text unless it is kept for a
resend.

KEYS
  1  pending, 2 scheduled, 3 due, 4 chats, 5 held, 6 clock, 7 next: as in reserve.lua
  8  line, 9 gate, 10 sent: its chat's, as in take.lua
  11 text    string  the sealed text
ARGV
  1  id      2  chat
  3  ms to keep the text for (0: delete it)
  4  ms between two sends to a chat   5  sends to this chat per minute (0: no limit)
Returns {id, ms}: the alert that is first in the line now, and when it may be sent; {'', 0} where nobody is left.
]]
local GROUP_WINDOW_MS = 60000

local pending, scheduled, due, chats, held, clock, nextTurns, line, gate, sent, text = unpack(KEYS)
local id, chat, keepMs = ARGV[1], ARGV[2], tonumber(ARGV[3])
local chatDelay, groupLimit = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function giveUp(kind, removed)
  local field = kind .. ':' .. chat
  if removed > 0 and redis.call('HINCRBY', held, field, -1) <= 0 then redis.call('HDEL', held, field) end
end
giveUp('pending', redis.call('ZREM', pending, id))
giveUp('scheduled', redis.call('ZREM', scheduled, id) + redis.call('ZREM', due, id))
redis.call('HDEL', chats, id)
redis.call('ZREM', line, id)
if redis.call('HGET', gate, 'id') == id then redis.call('HDEL', gate, 'id') end
if keepMs > 0 then redis.call('PEXPIRE', text, keepMs) else redis.call('DEL', text) end

local first = redis.call('ZRANGE', line, 0, 0)[1]
if not first then
  -- What left without being sent must not cost the chat's next alert its turn.
  local free = tonumber(redis.call('HGET', clock, 'turn') or '1') + 1
  redis.call('ZADD', nextTurns, 'XX', 'LT', free, chat, free, chat .. ':high')
  return { '', 0 }
end
-- As in take.lua: a clock that was set back must not put anybody off for longer than the limits do.
local known = redis.call('HMGET', gate, 'at', 'until', 'wait')
local wait = math.min(tonumber(known[2] or '0') - now, tonumber(known[3] or '0'))
if known[1] then wait = math.max(wait, math.min(tonumber(known[1]) - now, 0) + chatDelay) end
local earlier = groupLimit > 0 and redis.call('LINDEX', sent, groupLimit - 1)
if earlier then wait = math.max(wait, math.min(tonumber(earlier) - now, 0) + GROUP_WINDOW_MS) end
return { first, math.max(0, math.ceil(wait)) }
