-- Gives back the place of an upload that could not be opened.
-- KEYS: the caller's day, the caller's open uploads. ARGV: the upload's id and size.
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 1 then
  -- There is no -0 for Redis.
  if ARGV[2] ~= '0' then
    redis.call('HINCRBY', KEYS[1], 'bytes', '-' .. ARGV[2])
  end
  redis.call('HINCRBY', KEYS[1], 'uploads', -1)
end
return 0
