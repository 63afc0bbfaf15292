# SPDX-License-Identifier: MIT
"""How long work stands still when its daemon is killed.

Every commit carries the name of the process that made it (`op`). Work that a killed
process had under way are the calls that are not over and the requests offered or
being called whose last commit was its own. Their recovery is the time from the kill
to the next commit upon the same record by another process. What the work would have
waited for anyway (a phone that rings, a talk) is in it: the figure is an upper bound.
It is seen every PACE_S, which is how exact it is.
"""
import threading
import time

import redis as redis_client

PACE_S = 0.05
UNDER_WAY = {b"placing", b"unsure", b"live", b"offered", b"calling"}
READ = """
local all = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1] .. 'active', 0, -1)) do
	if string.sub(id, 1, 5) == 'call:' or string.sub(id, 1, 8) == 'request:' then
		local r = redis.call('HMGET', KEYS[1] .. id, 'op', 'state')
		all[#all + 1] = id
		all[#all + 1] = r[1] or ''
		all[#all + 1] = r[2] or ''
	end
end
return all
"""


class Recovery:
    """A thread that looks; kills are told to it."""

    def __init__(self, redis, prefix):
        self.redis, self.prefix = redis, prefix
        self.seconds = []           # one for each piece of work that went on
        self.lock = threading.Lock()
        self.waiting = []           # (moment of the kill, process, record)
        self.last = {}              # record: (process, state)
        self.is_ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def killed(self, process, at):
        with self.lock:
            self.waiting += [
                (at, process, record)
                for record, (name, state) in self.last.items()
                if name == process and state in UNDER_WAY]

    def look(self):
        words = self.redis.eval(READ, 1, self.prefix)
        now = time.monotonic()
        last = {record: (op.rsplit(b".", 1)[0].decode(), state)
                for record, op, state in
                zip(words[::3], words[1::3], words[2::3])}
        with self.lock:
            self.last = last
            still = []
            for at, process, record in self.waiting:
                # Not there any more: its end was committed.
                if last.get(record, ("", b""))[0] == process:
                    still.append((at, process, record))
                else:
                    self.seconds.append(now - at)
            self.waiting = still

    def run(self):
        while not self.is_ended:
            try:
                self.look()
            except redis_client.RedisError:
                pass
            time.sleep(PACE_S)

    def end(self):
        self.is_ended = True
        self.thread.join()

    def percentile(self, share):
        ordered = sorted(self.seconds)
        return round(ordered[int(share * (len(ordered) - 1))], 2) \
            if ordered else 0.0
