-- claim: hands out ids whose moment has come, and puts their moment off by a
-- lease, so that they come back by themselves if nobody finishes them. Moves
-- scores, never a record: a lost claim is a lease.
-- KEYS[1] "{site}:"   ARGV now_ms limit lease_until_ms
-- Reply: TIME_ms, the next score in `due` ("" none), id...
local time = redis.call('TIME')
local due = KEYS[1] .. 'due'
local ids = redis.call('ZRANGE', due, '-inf', ARGV[1], 'BYSCORE',
    'LIMIT', '0', ARGV[2])
local leases = {}
for i, id in ipairs(ids) do
	leases[2 * i - 1] = ARGV[3]
	leases[2 * i] = id
end
if #ids > 0 then
	redis.call('ZADD', due, 'XX', unpack(leases))
end
local next = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
local reply = { time[1] .. string.format('%03d', math.floor(time[2] / 1000)),
    next[2] or '' }
for i, id in ipairs(ids) do
	reply[i + 2] = id
end
return reply
