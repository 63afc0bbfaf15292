-- commit: the one way in which anything changes. Writes situations, each all
-- or nothing; a situation that may not be written leaves the others alone.
-- KEYS[1] "{site}:"; every key below has it in front.
-- ARGV: now_ms skew_max_ms keep_events_ms situations, then for each:
--   op
--   counts                    a byte each, '0' + n, of G N E T R C S L
--   (kind a b c)*G            guards: take zset member "" | absent key owner ""
--                             (nobody but that owner may hold it) |
--                             unlisted hash field "" | listed hash field value
--                             (value "": whatever it is; an entry that begins with
--                             {"until":MS is none from that moment on) |
--                             pace key emission patience (one in emission ms; a turn
--                             that comes within patience ms is taken, and told) |
--                             room zset most "" (it has fewer members) |
--                             spend key amount cap | probe key owner ms (nobody else
--                             has it; it is the owner's for so long) |
--                             limit key emission patience (as pace, but what comes too
--                             early is refused, unless its records say something
--                             else: who is there already is not one more) |
--                             places zset "FROM TO" most (fewer members score FROM
--                             or more and less than TO; yields as limit does) |
--                             type key TYPE "" (no refusal: what is of another
--                             type is set aside)
--   N records: id expect counts (of F D I U K), (field value)*F, (field)*D,
--              (zset score|"")*I, (key value|"" keep_ms)*U, (keep_ms)*K
--   (key keep_ms source)*E    keys that live as long: copied from source first
--   (key value keep_ms)*T     plain strings
--   (field value)*R           one entry for `rejected`
--   (counter amount)*C        of stats:DAY
--   (hash field value|"")*S   "": the field is taken out; "?value": written only
--                             where no entry lasts longer
--   story, (line)*L           where there are lines: for story:R ("": of no
--                             request) and events
-- One entry in `events` for all of them: the field R with "first last", the
-- places in story:R where its new lines stand; the field "" with a line of no
-- story.
-- expect "0": must not exist; "-": must be there, and be no hash. A record with fields
-- or deletions gets `v`, one more than expected, and `op`. keep_ms 0: for ever. score "":
-- removed.
-- Reply: TIME_ms, then one word for each: ok | ok MS (its turn comes then) | again |
--   conflict ID | held KEY OWNER | listed HASH FIELD | limited MS KEY | full KEY | gone |
--   wait MS GUARD KEY | skew |
--   error TEXT (nothing of this situation is written, the others are not concerned).
--   Then the keys that were set aside.
-- A key of a type that nobody here gives it would fail a write in the middle, and
-- every later one: it is renamed to kept:KEY, its name put into `aside` (when), and
-- the situation is written whole. Not so `suppressed`, `blocked`, what a provider has spent
-- and what `take` names: they are asked before anything is written, and refuse.
-- Locals are found quicker, and each is looked up some hundred times.
local call, ARGV, unpack, byte = redis.call, ARGV, unpack, string.byte
local try, type = redis.pcall, type
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

-- Who holds the key and is not `mine`. A number is not held by a request that is gone,
-- or buried: nobody would ever let it go.
local function other_owner(key, mine)
	local owner = call('GET', site .. key)

	if not owner or owner == mine then
		return nil
	end
	if string.sub(key, 1, 6) == 'phone:' and
	    (call('EXISTS', site .. 'request:' .. owner) == 0 or
	    type(try('ZSCORE', site .. 'buried', 'request:' .. owner)) ==
	    'string') then
		return nil
	end
	return owner
end

local function counts_of(at)
	local a, b, c, d, e, f, g, h = byte(ARGV[at], 1, 8)

	return a - 48, b - 48, c - 48, d - 48, e - 48, (f or 48) - 48,
	    (g or 48) - 48, (h or 48) - 48
end

local function version_of(key)
	local version = redis.pcall('HGET', key, 'v')

	return type(version) == 'table' and '-' or version or '0'
end

-- ---- keys that hold what nobody here wrote

local ASIDE_KEEP_MS = 2592000000
local set_aside_keys

-- TYPE of what it should be; nil: whatever it is, it cannot be written.
local function set_aside(key, wanted)
	local kind = call('TYPE', site .. key).ok

	if kind == 'none' or kind == wanted then
		return
	end
	call('UNLINK', site .. 'kept:' .. key)
	call('RENAME', site .. key, site .. 'kept:' .. key)
	call('PEXPIRE', site .. 'kept:' .. key, ASIDE_KEEP_MS)
	if call('TYPE', site .. 'aside').ok ~= 'zset' then
		call('UNLINK', site .. 'aside')
	end
	call('ZREMRANGEBYSCORE', site .. 'aside', '-inf',
	    string.format('%d', now - ASIDE_KEEP_MS))
	call('ZADD', site .. 'aside', string.format('%d', now), key)
	set_aside_keys = set_aside_keys or {}
	set_aside_keys[#set_aside_keys + 1] = key
end

-- What may be done once only and has failed is done where nothing is. The key is whole.
local function do_anew(command, key, ...)
	set_aside(string.sub(key, #site + 1))
	return call(command, key, ...)
end

-- After a failure: everything that the situation at `at` will write to.
local function set_aside_wrong_types(at)
	local type_of = { absent = 'string', limit = 'string',
	    pace = 'string', probe = 'string', room = 'zset',
	    places = 'zset' }
	local guards, records = counts_of(at + 1)

	at = at + 2
	for _ = 1, guards do
		if type_of[ARGV[at]] then
			set_aside(ARGV[at + 1], type_of[ARGV[at]])
		end
		at = at + 4
	end
	for _ = 1, records do
		local fields, gone, indexes, uniques, keeps = counts_of(at + 2)

		at = at + 3 + fields * 2 + gone
		for _ = 1, indexes do
			set_aside(ARGV[at], 'zset')
			at = at + 2
		end
		for _ = 1, uniques do
			set_aside(ARGV[at], 'string')
			at = at + 3
		end
		at = at + keeps
	end
end

-- ---- pass 1

-- Returns what is wrong: nil, "again", or a verdict.
local function check_records(at, records, op)
	local verdict

	for _ = 1, records do
		local id, expect = ARGV[at], ARGV[at + 1]
		local fields, gone, indexes, uniques, keeps = counts_of(at + 2)

		local version = version_of(site .. id)

		if version ~= expect then
			if version ~= '-' and
			    call('HGET', site .. id, 'op') == op then
				return 'again'
			end
			verdict = verdict or ('conflict ' .. id)
		end
		at = at + 3 + fields * 2 + gone + indexes * 2
		for _ = 1, uniques do
			local key, value = ARGV[at], ARGV[at + 1]

			if value ~= '' and not verdict then
				local owner = other_owner(key, value)

				if owner then
					verdict = 'held ' .. key .. ' ' .. owner
				end
			end
			at = at + 3
		end
		at = at + keeps
	end
	return verdict
end

local function after_records(at, records)
	for _ = 1, records do
		local fields, gone, indexes, uniques, keeps = counts_of(at + 2)

		at = at + 3 + fields * 2 + gone + indexes * 2 + uniques * 3 + keeps
	end
	return at
end

-- What full rooms and spent money wait for, nobody can say.
local ROOM_MS, SPEND_MS, SPEND_KEEP_MS = 1000, 60000, 90000000

local function number_at(key)
	return tonumber(call('GET', site .. key)) or 0
end

-- A key that holds the moment of the next turn.
local function turn_in(key)
	return math.max(number_at(key) - now, 0)
end

-- Returns how long the guard keeps the situation waiting; nil: not at all.
local function wait_of(kind, a, b, c)
	if kind == 'pace' then
		local ms = turn_in(a)

		return ms > tonumber(c) and ms or nil
	elseif kind == 'room' then
		return call('ZCARD', site .. a) >= tonumber(b) and ROOM_MS or nil
	elseif kind == 'spend' then
		local spent = call('GET', site .. a) or '0'

		if not string.find(spent, '^%-?%d+$') then
			error(a .. ' is no whole number')
		end
		return spent + b > tonumber(c) and SPEND_MS or nil
	end
	local owner = call('GET', site .. a)

	return owner and owner ~= b and math.max(call('PTTL', site .. a), 0) or
	    nil
end

-- Until when an entry of a hash holds; nil: there is none, or it is over.
local function lasts(entry)
	local ends = entry and string.match(entry, '^{"until":(%d+)')

	if not entry or ends and ends ~= '0' and tonumber(ends) <= now then
		return nil
	end
	return ends and ends ~= '0' and tonumber(ends) or math.huge
end

local function check_guards(at, guards, verdict)
	for _ = 1, guards do
		local kind, a, b, c = ARGV[at], ARGV[at + 1], ARGV[at + 2],
		    ARGV[at + 3]

		if kind == 'take' then
			if not call('ZSCORE', site .. a, b) then
				return 'gone'
			end
		elseif kind == 'unlisted' then
			if lasts(call('HGET', site .. a, b)) then
				return 'listed ' .. a .. ' ' .. b
			end
		elseif kind == 'listed' then
			local entry = call('HGET', site .. a, b)

			if c ~= '' and entry ~= c or
			    c == '' and not lasts(entry) then
				return 'gone'
			end
		elseif kind == 'absent' then
			local owner = other_owner(a, b)

			if owner then
				return 'held ' .. a .. ' ' .. owner
			end
		elseif kind == 'limit' then
			local ms = turn_in(a) - c

			if ms > 0 and not verdict then
				return string.format('limited %d %s', ms, a)
			end
		elseif kind == 'places' then
			local from, to = string.match(b, '(%d+) (%d+)')

			if not verdict and call('ZCOUNT', site .. a, from,
			    '(' .. to) >= tonumber(c) then
				return 'full ' .. a
			end
		elseif kind == 'type' then
			set_aside(a, b)
		else
			local ms = wait_of(kind, a, b, c)

			if ms then
				return string.format('wait %d %s %s', ms, kind, a)
			end
		end
		at = at + 4
	end
end

-- ---- pass 2: what guards take was asked for in pass 1 and cannot fail; then what may
-- be written twice, then what may be done once only, which is done anew if it fails.

-- Returns when its turn comes.
local function take_turn(key, emission)
	local ms = turn_in(key)
	local keep = ms + emission

	call('SET', site .. key, string.format('%.0f', now + keep), 'PX',
	    string.format('%d', keep))
	return ms
end

-- Returns how long what follows from the situation waits for its turn.
local function take_guarded(at, guards)
	local wait = 0

	for _ = 1, guards do
		local kind, a, b = ARGV[at], ARGV[at + 1], ARGV[at + 2]

		if kind == 'take' then
			call('ZREM', site .. a, b)
		elseif kind == 'pace' then
			wait = math.max(wait, take_turn(a, tonumber(b)))
		elseif kind == 'limit' then
			take_turn(a, tonumber(b))
		elseif kind == 'spend' then
			call('INCRBY', site .. a, b)
			call('PEXPIRE', site .. a, SPEND_KEEP_MS)
		elseif kind == 'probe' then
			call('SET', site .. a, b, 'PX', ARGV[at + 3])
		end
		at = at + 4
	end
	return wait
end

local function write_unique(key, value, keep_ms, id)
	if value == '' then
		if call('GET', key) == string.match(id, ':(.*)') then
			call('DEL', key)
		end
	elseif keep_ms == '0' then
		call('SET', key, value)
	else
		call('SET', key, value, 'PX', keep_ms)
	end
end

-- Returns where the last one ends.
local function write_records(at, records, op)
	for _ = 1, records do
		local id, expect = ARGV[at], ARGV[at + 1]
		local key = site .. id
		local fields, gone, indexes, uniques, keeps = counts_of(at + 2)

		at = at + 3
		if fields > 0 or gone > 0 then
			call('HSET', key, 'v', string.format('%d', expect + 1),
			    'op', op, unpack(ARGV, at, at + fields * 2 - 1))
		end
		at = at + fields * 2
		if gone > 0 then
			call('HDEL', key, unpack(ARGV, at, at + gone - 1))
			at = at + gone
		end
		for _ = 1, indexes do
			if ARGV[at + 1] == '' then
				call('ZREM', site .. ARGV[at], id)
			else
				call('ZADD', site .. ARGV[at], ARGV[at + 1], id)
			end
			at = at + 2
		end
		for _ = 1, uniques do
			write_unique(site .. ARGV[at], ARGV[at + 1],
			    ARGV[at + 2], id)
			at = at + 3
		end
		if keeps > 0 then
			call('PEXPIRE', key, ARGV[at])
			at = at + 1
		end
	end
	return at
end

-- Last of all: what a line of the story was just added to ends too.
local function set_lives(at, lives)
	for _ = 1, lives do
		local key, keep_ms, source = site .. ARGV[at], ARGV[at + 1],
		    ARGV[at + 2]

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

local function write_texts(at, texts)
	for _ = 1, texts do
		if ARGV[at + 2] == '0' then
			call('SET', site .. ARGV[at], ARGV[at + 1])
		else
			call('SET', site .. ARGV[at], ARGV[at + 1], 'PX',
			    ARGV[at + 2])
		end
		at = at + 3
	end
	return at
end

local function write_counters(at, counters)
	for _ = 1, counters do
		local key = site .. 'stats:' .. string.sub(ARGV[at], 1, 10)
		local counter = string.sub(ARGV[at], 12)

		if type(try('HINCRBY', key, counter, ARGV[at + 1])) ==
		    'table' then
			do_anew('HINCRBY', key, counter, ARGV[at + 1])
		end
		at = at + 2
	end
	return at
end

local function write_listed(at, listed)
	for _ = 1, listed do
		local key, field, value = site .. ARGV[at], ARGV[at + 1],
		    ARGV[at + 2]

		if value == '' then
			call('HDEL', key, field)
		elseif byte(value) ~= 63 then
			call('HSET', key, field, value)
		elseif (lasts(call('HGET', key, field)) or 0) <
		    (lasts(string.sub(value, 2)) or 0) then
			call('HSET', key, field, string.sub(value, 2))
		end
		at = at + 3
	end
	return at
end

local function add_entry(stream, trim, least, ...)
	local id = try('XADD', site .. stream, trim, '~', least, '*', ...)

	if type(id) == 'table' then
		do_anew('XADD', site .. stream, trim, '~', least, '*', ...)
	end
end

local news = {}

local function write_lines(at, lines)
	local story = ARGV[at]

	if story ~= '' then
		local key = site .. 'story:' .. story
		local length = try('RPUSH', key,
		    unpack(ARGV, at + 1, at + lines))

		if type(length) == 'table' then
			length = do_anew('RPUSH', key,
			    unpack(ARGV, at + 1, at + lines))
		end

		news[#news + 1] = story
		news[#news + 1] = length - lines .. ' ' .. length - 1
		return
	end
	for i = at + 1, at + lines do
		news[#news + 1] = ''
		news[#news + 1] = ARGV[i]
	end
end

-- HSET of a hash that is none would fail behind other writes.
local function check_listed(at, records, lives, texts, rejected, counters, listed)
	at = after_records(at, records) + (lives + texts) * 3 +
	    (rejected + counters) * 2
	for _ = 1, listed do
		call('HLEN', site .. ARGV[at])
		at = at + 3
	end
end

-- From its records on.
local function write_situation(at, op, records, lives, texts, rejected, counters,
    listed, lines)
	local lives_at = write_records(at, records, op)
	local rejected_at = write_texts(lives_at + lives * 3, texts)
	local counters_at = rejected_at + rejected * 2
	local lines_at = write_listed(counters_at + counters * 2, listed)

	if rejected > 0 then
		add_entry('rejected', 'MAXLEN', '10000',
		    unpack(ARGV, rejected_at, counters_at - 1))
	end
	write_counters(counters_at, counters)
	if lines > 0 then
		write_lines(lines_at, lines)
	end
	set_lives(lives_at, lives)
end

-- What the situation in hand has taken by its guards: its word. nil: nothing yet.
local taken

-- One situation, which begins at `at`; returns its word.
local function commit_one(at)
	local op = ARGV[at]
	local guards, records, lives, texts, rejected, counters, listed, lines =
	    counts_of(at + 1)
	local guards_at = at + 2
	local records_at = guards_at + guards * 4

	if not taken then
		local verdict = check_records(records_at, records, op)

		-- An operation that was written already has taken what it guards.
		if verdict ~= 'again' then
			verdict = check_guards(guards_at, guards, verdict) or
			    verdict
		end
		if verdict then
			return verdict
		end
		if listed > 0 then
			check_listed(records_at, records, lives, texts, rejected,
			    counters, listed)
		end
		local wait = take_guarded(guards_at, guards)

		taken = wait > 0 and string.format('ok %d', wait) or 'ok'
	end
	write_situation(records_at, op, records, lives, texts, rejected, counters,
	    listed, lines)
	return taken
end

local function after_situation(at)
	local guards, records, lives, texts, rejected, counters, listed, lines =
	    counts_of(at + 1)

	at = after_records(at + 2 + guards * 4, records)
	at = at + (lives + texts + listed) * 3 + (rejected + counters) * 2
	return lines > 0 and at + 1 + lines or at
end

local at = 5
for i = 1, count do
	taken = nil
	local is_whole, word = pcall(commit_one, at)

	if not is_whole then
		set_aside_wrong_types(at)
		is_whole, word = pcall(commit_one, at)
	end
	if not is_whole then
		word = 'error ' .. (type(word) == 'table' and word.err or
		    tostring(word))
	end
	reply[i + 1] = word
	if i < count then
		at = after_situation(at)
	end
end
if #news > 0 then
	add_entry('events', 'MINID',
	    string.format('%d', now - tonumber(ARGV[3])), unpack(news))
end
for i = 1, set_aside_keys and #set_aside_keys or 0 do
	reply[count + 1 + i] = set_aside_keys[i]
end
return reply
