--[[
Asks for the next edit of an incident's message. Edits take no send of anybody's.

KEYS
  1  gate    hash    until, wait: the chat's flood wait (take.lua)
  2  pace    hash    until, wait: a pause of all (block.lua)
  3  edited  string  the incident's last edit (ms)
  4  edits   list    the group's newest edits (ms)
ARGV
  1  ms between two edits of an incident   2  edits in this chat per minute (0: no limit)
Returns 0: now, and it is taken; above: ask again in so many ms.
]]
local GROUP_WINDOW_MS = 60000

local gate, pace, edited, edits = unpack(KEYS)
local delay, groupLimit = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- A clock that was set back must put nobody off for longer than it was meant.
local function blocked(key)
  local known = redis.call('HMGET', key, 'until', 'wait')
  return math.min(tonumber(known[1] or '0'), now + tonumber(known[2] or '0'))
end
local opens = math.max(blocked(gate), blocked(pace))
local last = redis.call('GET', edited)
if last then opens = math.max(opens, math.min(tonumber(last), now) + delay) end
local earlier = groupLimit > 0 and redis.call('LINDEX', edits, groupLimit - 1)
if earlier then opens = math.max(opens, math.min(tonumber(earlier), now) + GROUP_WINDOW_MS) end
if opens > now then return math.ceil(opens - now) end

redis.call('SET', edited, now, 'PX', delay)
if groupLimit > 0 then
  redis.call('LPUSH', edits, now)
  redis.call('LTRIM', edits, 0, groupLimit - 1)
  redis.call('PEXPIRE', edits, 2 * GROUP_WINDOW_MS)
end
return 0
