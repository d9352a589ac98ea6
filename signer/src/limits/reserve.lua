-- Takes the place of an upload, unless it has one.
-- KEYS: the caller's day, the caller's open uploads. ARGV: the upload's id and size; the most bytes, uploads and open
-- uploads, each -1 for any number; the seconds that an upload is open, and that a day is remembered.
-- Gives 0, or 1, 2 or 3 for the limit that is reached, and the seconds until an open upload ends.
local now = tonumber(redis.call('TIME')[1])
local size, max_bytes, max_uploads, max_open = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return {0, 0}
end
if max_bytes >= 0 and tonumber(redis.call('HGET', KEYS[1], 'bytes') or 0) + size > max_bytes then
  return {1, 0}
end
if max_uploads >= 0 and tonumber(redis.call('HGET', KEYS[1], 'uploads') or 0) >= max_uploads then
  return {2, 0}
end
if max_open >= 0 and redis.call('ZCARD', KEYS[2]) >= max_open then
  local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  return {3, tonumber(first[2] or now) - now}
end
redis.call('ZADD', KEYS[2], now + ARGV[6], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[6])
redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'uploads', 1)
redis.call('EXPIRE', KEYS[1], ARGV[7])
return {0, 0}
