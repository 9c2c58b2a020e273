--[[
An alert has ended, or was refused after it had got its place: gives up the place, and the text unless it is kept for a
resend by hand.

KEYS
  1  pending, 2 scheduled, 3 turns, 4 chats, 5 held: as in reserve.lua
  6  line, 7 gate, 8 sent: its chat's, as in take.lua
  9  text    string  the sealed text
ARGV
  1  id      2  chat
  3  ms to keep the text for (0: delete it)
  4  ms between two sends to a chat   5  sends to this chat per minute (0: no limit)
Returns {id, ms}: the alert that is first in the line now, and when it may be sent; {'', 0} where nobody is left.
]]
local GROUP_WINDOW_MS = 60000

local pending, scheduled, turns, chats, held, line, gate, sent, text = unpack(KEYS)
local id, chat, keepMs = ARGV[1], ARGV[2], tonumber(ARGV[3])
local chatDelay, groupLimit = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

for kind, key in pairs({ pending = pending, scheduled = scheduled }) do
  if redis.call('ZREM', key, id) == 1 and redis.call('HINCRBY', held, kind .. ':' .. chat, -1) <= 0 then
    redis.call('HDEL', held, kind .. ':' .. chat)
  end
end
redis.call('HDEL', turns, id)
redis.call('HDEL', chats, id)
redis.call('ZREM', line, id)
if redis.call('HGET', gate, 'id') == id then redis.call('HDEL', gate, 'id') end
if keepMs > 0 then redis.call('PEXPIRE', text, keepMs) else redis.call('DEL', text) end

local first = redis.call('ZRANGE', line, 0, 0)[1]
if not first then return { '', 0 } end
local known = redis.call('HMGET', gate, 'at', 'until')
local opens = tonumber(known[2] or '0')
if known[1] then opens = math.max(opens, tonumber(known[1]) + chatDelay) end
local earlier = groupLimit > 0 and redis.call('LINDEX', sent, groupLimit - 1)
if earlier then opens = math.max(opens, tonumber(earlier) + GROUP_WINDOW_MS) end
return { first, math.max(0, math.ceil(opens - now)) }
