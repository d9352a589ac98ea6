-- Counts a call: the generic cell rate algorithm, by the server's own clock.
-- KEYS: the caller. ARGV: the microseconds of a call, the burst, the call's weight.
-- Gives the microseconds to wait; 0 where the call is let in.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, weight = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + weight * interval
local wait = arrival - burst * interval - now
if wait > 0 then
  return math.ceil(wait)
end
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
return 0
