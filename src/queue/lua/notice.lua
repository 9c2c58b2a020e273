--[[
Asks whether this process is the one that has to tell the operator's chat of a trouble.

KEYS
  1  notice  hash  since: when the trouble was first seen; seen: when last; open: 1 once it was told;
                   told: when that was, also after its end; tried, ending: when its beginning, its end was last to be told
ARGV
  1  trouble or fine   2  now (ms)
  3  between two notices of a beginning, in ms   4  unseen for so long it is over, in ms
  5  before a notice that did not arrive is tried again, in ms
Returns begun or over, and since when; or nothing.
]]
-- Longer than any trouble lasts that somebody cares for.
local KEEP_MS = 2592000000

local key = KEYS[1]
local sight, now, hour, quiet, again = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('HMGET', key, 'since', 'seen', 'open', 'told', 'tried', 'ending')
local since, seen, open, told, tried, ending = unpack(known)

-- What is in the future was written by a clock that has been set back since.
local function isPast(at, ms)
  return not at or now - tonumber(at) >= ms or tonumber(at) > now
end

if sight == 'trouble' then
  since = since or ARGV[2]
  redis.call('HSET', key, 'since', since, 'seen', now)
  redis.call('HDEL', key, 'ending')
  redis.call('PEXPIRE', key, KEEP_MS)
  if open or not isPast(told, hour) or not isPast(tried, again) then return false end
  redis.call('HSET', key, 'tried', now)
  return { 'begun', since }
end

if not since or not isPast(seen, quiet) then return false end
-- Within an hour of the last one of its kind: neither its beginning nor its end is told.
if not open and not tried then
  redis.call('HDEL', key, 'since', 'seen')
  return false
end
if not isPast(ending, again) then return false end
redis.call('HSET', key, 'ending', now)
return { 'over', since }
