--[[
Telegram took a message, or an operator says so: the bot as a whole is not told to wait. Chats that were wait on.

KEYS
  1  pace, 2  flood: as in block.lua
ARGV none
Returns the level that ends (block.lua), 0 where nobody was suspected.
]]
local level = tonumber(redis.call('HGET', KEYS[2], 'level') or '0')
redis.call('HDEL', KEYS[1], 'until', 'wait')
redis.call('DEL', KEYS[2])
return level
