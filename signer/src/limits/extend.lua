-- Keeps the place of an upload that goes on.
-- KEYS: the caller's open uploads. ARGV: the upload's id; the seconds that it is open from now on.
redis.call('ZADD', KEYS[1], redis.call('TIME')[1] + ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 0
