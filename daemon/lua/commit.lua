-- commit: the one way in which anything changes. Writes situations, each all
-- or nothing; a situation that may not be written leaves the others alone.
-- KEYS[1] "{site}:"; every key below has it in front.
-- ARGV: now_ms skew_max_ms keep_events_ms situations, then for each:
--   op
--   G (kind a b)*G            guards: take zset member | absent key owner
--                             (nobody but that owner may hold it)
--   N records: id expect, F (field value)*F, D (field)*D, I (zset score|"")*I,
--              U (key value|"" keep_ms)*U, keep_ms
--   E (key keep_ms source)*E  keys that live as long: copied from source first
--   T (key value keep_ms)*T   plain strings
--   R (field value)*R         one entry for `rejected`
--   C (counter amount)*C      of stats:DAY
--   L (story line)*L          lines for story:R ("": of no request) and events
-- expect "0": must not exist. A record with fields or deletions gets `v`, one
-- more than expected, and `op`. keep_ms 0: for ever. score "": removed.
-- Reply: TIME_ms, then one word for each: ok | again | conflict ID |
--   held KEY OWNER | gone | skew | error TEXT (a key of the wrong type, say; of
--   this situation a part may be written, the others are not concerned)
-- Locals are found quicker, and each is looked up some hundred times.
local call, ARGV, tonumber, unpack = redis.call, ARGV, tonumber, unpack
local site = KEYS[1]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = { time[1] .. string.format('%03d', math.floor(time[2] / 1000)) }
local count = tonumber(ARGV[4])

local skew = now - tonumber(ARGV[1])
if skew > tonumber(ARGV[2]) or -skew > tonumber(ARGV[2]) then
	for i = 1, count do
		reply[i + 1] = 'skew'
	end
	return reply
end

-- A number is not held by a request that is gone: nobody would ever let it go.
local function owner_of(key)
	local owner = call('GET', site .. key)

	if owner and string.sub(key, 1, 6) == 'phone:' and
	    call('EXISTS', site .. 'request:' .. owner) == 0 then
		return nil
	end
	return owner
end

-- Where each part begins is found while checking, and used while writing.
local function check_records(at, op)
	local records = tonumber(ARGV[at])
	local verdict
	local first = at + 1

	at = first
	for _ = 1, records do
		local id, expect = ARGV[at], ARGV[at + 1]
		local fields = tonumber(ARGV[at + 2])

		if (call('HGET', site .. id, 'v') or '0') ~= expect then
			if call('HGET', site .. id, 'op') == op then
				return 'again'
			end
			verdict = verdict or ('conflict ' .. id)
		end
		at = at + 3 + fields * 2
		at = at + 1 + tonumber(ARGV[at])
		at = at + 1 + tonumber(ARGV[at]) * 2
		local uniques = tonumber(ARGV[at])
		at = at + 1
		for _ = 1, uniques do
			local key, value = ARGV[at], ARGV[at + 1]

			if value ~= '' and not verdict then
				local owner = owner_of(key)

				if owner and owner ~= value then
					verdict = 'held ' .. key .. ' ' .. owner
				end
			end
			at = at + 3
		end
		at = at + 1
	end
	return verdict, first, records, at
end

local function check_guards(at)
	local guards = tonumber(ARGV[at])
	local verdict

	at = at + 1
	for _ = 1, guards do
		local kind, a, b = ARGV[at], ARGV[at + 1], ARGV[at + 2]

		if not verdict then
			if kind == 'take' then
				if not call('ZSCORE', site .. a, b) then
					verdict = 'gone'
				end
			else
				local owner = owner_of(a)

				if owner and owner ~= b then
					verdict = 'held ' .. a .. ' ' .. owner
				end
			end
		end
		at = at + 3
	end
	return verdict, at
end

local function take_guarded(at)
	for _ = 1, tonumber(ARGV[at]) do
		if ARGV[at + 1] == 'take' then
			call('ZREM', site .. ARGV[at + 2], ARGV[at + 3])
		end
		at = at + 3
	end
end

local function keep(key, keep_ms)
	if keep_ms ~= '0' then
		call('PEXPIRE', key, keep_ms)
	end
end

local function write_unique(key, value, id_value, keep_ms)
	if value == '' then
		if call('GET', key) == id_value then
			call('DEL', key)
		end
	elseif keep_ms == '0' then
		call('SET', key, value)
	else
		call('SET', key, value, 'PX', keep_ms)
	end
end

local function write_records(at, records, op)
	for _ = 1, records do
		local id = ARGV[at]
		local key = site .. id
		local fields = tonumber(ARGV[at + 2])

		local gone = tonumber(ARGV[at + 3 + fields * 2])
		if fields > 0 or gone > 0 then
			call('HSET', key, 'v',
			    string.format('%d', ARGV[at + 1] + 1), 'op', op,
			    unpack(ARGV, at + 3, at + 2 + fields * 2))
		end
		at = at + 4 + fields * 2
		if gone > 0 then
			call('HDEL', key, unpack(ARGV, at, at + gone - 1))
			at = at + gone
		end
		local indexes = tonumber(ARGV[at])
		at = at + 1
		for _ = 1, indexes do
			if ARGV[at + 1] == '' then
				call('ZREM', site .. ARGV[at], id)
			else
				call('ZADD', site .. ARGV[at], ARGV[at + 1], id)
			end
			at = at + 2
		end
		local uniques = tonumber(ARGV[at])
		at = at + 1
		for _ = 1, uniques do
			write_unique(site .. ARGV[at], ARGV[at + 1],
			    string.match(id, ':(.*)'), ARGV[at + 2])
			at = at + 3
		end
		keep(key, ARGV[at])
		at = at + 1
	end
	return at
end

-- Last of all: what a line of the story was just added to ends too.
local function set_lives(at)
	for _ = 1, tonumber(ARGV[at]) do
		local key, keep_ms, source = site .. ARGV[at + 1], ARGV[at + 2],
		    ARGV[at + 3]

		if source ~= '' then
			call('COPY', site .. source, key)
		end
		if keep_ms == '0' then
			call('PERSIST', key)
		else
			call('PEXPIRE', key, keep_ms)
		end
		at = at + 3
	end
end

local function write_rest(at, lines)
	local lives = at

	at = at + 1 + tonumber(ARGV[at]) * 3
	for _ = 1, tonumber(ARGV[at]) do
		if ARGV[at + 3] == '0' then
			call('SET', site .. ARGV[at + 1], ARGV[at + 2])
		else
			call('SET', site .. ARGV[at + 1], ARGV[at + 2], 'PX',
			    ARGV[at + 3])
		end
		at = at + 3
	end
	at = at + 1
	local rejected = tonumber(ARGV[at])
	if rejected > 0 then
		call('XADD', site .. 'rejected', 'MAXLEN', '~', '10000', '*',
		    unpack(ARGV, at + 1, at + rejected * 2))
		at = at + rejected * 2
	end
	at = at + 1
	for _ = 1, tonumber(ARGV[at]) do
		call('HINCRBY', site .. 'stats:' ..
		    string.sub(ARGV[at + 1], 1, 10),
		    string.sub(ARGV[at + 1], 12), ARGV[at + 2])
		at = at + 2
	end
	at = at + 1
	local count_lines = tonumber(ARGV[at])
	local i = at + 1
	local last = at + count_lines * 2
	while i <= last do
		local story, batch = ARGV[i], {}

		while i <= last and ARGV[i] == story do
			batch[#batch + 1] = ARGV[i + 1]
			lines[#lines + 1] = ARGV[i + 1]
			i = i + 2
		end
		if story ~= '' then
			call('RPUSH', site .. 'story:' .. story, unpack(batch))
		end
	end
	set_lives(lives)
	return last + 1
end

-- Steps over what write_rest would have written.
local function skip_rest(at)
	at = at + 1 + tonumber(ARGV[at]) * 3
	at = at + 1 + tonumber(ARGV[at]) * 3
	at = at + 1 + tonumber(ARGV[at]) * 2
	at = at + 1 + tonumber(ARGV[at]) * 2
	return at + 1 + tonumber(ARGV[at]) * 2
end

-- Steps over records that were not all looked at.
local function skip_records(at)
	local records = tonumber(ARGV[at])

	at = at + 1
	for _ = 1, records do
		at = at + 3 + tonumber(ARGV[at + 2]) * 2
		at = at + 1 + tonumber(ARGV[at])
		at = at + 1 + tonumber(ARGV[at]) * 2
		at = at + 1 + tonumber(ARGV[at]) * 3
		at = at + 1
	end
	return at
end

local lines = {}

-- One situation; returns its word and where the next one begins.
local function commit_one(at)
	local op = ARGV[at]
	local guards = at + 1
	local refused, records_at = check_guards(guards)
	local verdict, first, records, rest = check_records(records_at, op)

	-- An operation that was written already has taken what it guards.
	if verdict ~= 'again' then
		verdict = refused or verdict
	end
	if verdict then
		return verdict, skip_rest(rest or skip_records(records_at))
	end
	take_guarded(guards)
	rest = write_records(first, records, op)
	return 'ok', write_rest(rest, lines)
end

local at = 5
for i = 1, count do
	local is_whole, word, after = pcall(commit_one, at)

	if not is_whole then
		word = 'error ' .. (type(word) == 'table' and word.err or
		    tostring(word))
		after = skip_rest(skip_records(
		    at + 2 + tonumber(ARGV[at + 1]) * 3))
	end
	reply[i + 1] = word
	at = after
end
if #lines > 0 then
	call('XADD', site .. 'events', 'MINID', '~',
	    string.format('%d', now - tonumber(ARGV[3])), '*', 'lines',
	    table.concat(lines, '\n'))
end
return reply
