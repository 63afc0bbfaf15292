# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# ./dev run: callbackd, its private Redis and a telephone network on this
# machine, until Ctrl-C. Where they listen stands in run/callbackd.conf alone;
# nothing is moved to another port behind the user's back.

readonly CONF=run/callbackd.conf
readonly READY_S=60			# Redis may have much to load
readonly STOP_S=40			# callbackd's own drain time and some
readonly FOLLOWED='^(request|specialist|call|promise|provider|redis|reload|queue)'

sandbox_pid=
callbackd_pid=
tail_pid=

# ---- what the configuration says

# setting NAME: a value as `callbackd -T` prints it, without its quotes.
setting() {
	sed -n "s/^$1 *= *\"\{0,1\}\([^\";]*\).*/\1/p" run/effective.conf |
	    head -n 1
}

# path_setting NAME: the same for a path, which counts from the file.
path_setting() {
	local path
	path=$(setting "$1")
	case $path in
	/*|'') echo "$path" ;;
	*) echo "run/$path" ;;
	esac
}

prepare_state() {
	mkdir -p run && chmod 700 run || exit
	if [ ! -e $CONF ]; then
		cp -R config/sandbox/. run/ || exit
	fi
	CALLBACKD_DATADIR=$PWD/config build/plain/daemon/callbackd -c $CONF -T \
	    >run/effective.conf || exit
}

# ---- ports

# Prints "NAME (process ID)" of whoever listens on a TCP port, or nothing.
listener_of() {			# PORT
	local inode pid
	inode=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
	    awk -v port=":$(printf %04X "$1")" '
		$4 == "0A" && substr($2, length($2) - 4) == port {
			print $10; exit }')
	[ -n "$inode" ] || return 0
	pid=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null |
	    head -n 1 | cut -d/ -f3)
	if [ -n "$pid" ]; then
		echo "$(cat "/proc/$pid/comm") (process $pid)"
	else
		echo "another user's program"
	fi
}

# A Redis left by a callbackd that was killed is ours; the next one adopts it.
need_port() {			# PORT SETTING
	local who redis
	who=$(listener_of "$1")
	[ -n "$who" ] || return 0
	redis=$(cat "$(path_setting state_dir)/redis/redis.pid" 2>/dev/null)
	[ -z "$redis" ] || [[ $who != *"(process $redis)" ]] || return 0
	echo "Port $1 is taken by $who: stop it, or change $2 in $CONF." >&2
	return 1
}

# ---- starting and stopping

# Each in a session of its own: Ctrl-C is for this script, which stops them in
# the right order.
start_sandbox() {
	: >run/sandbox.log
	setsid build/plain/sandbox/callback-sandbox \
	    --listen "127.0.0.1:$sandbox_port" --phones run/phones.conf \
	    --web web/phones --ledger run/sandbox-ledger.jsonl \
	    >run/sandbox.log 2>&1 </dev/null &
	sandbox_pid=$!
	wait_until sandbox "$sandbox_pid" run/sandbox.log \
	    grep -q '^listening' run/sandbox.log
}

start_callbackd() {
	CALLBACKD_DATADIR=$PWD/config setsid build/plain/daemon/callbackd \
	    -c $CONF >>run/callbackd.log 2>&1 </dev/null &
	callbackd_pid=$!
	wait_until callbackd "$callbackd_pid" run/callbackd.log is_healthy
}

is_healthy() {
	local status
	exec 3<>"/dev/tcp/${http_listen%:*}/${http_listen##*:}" || return
	printf 'GET /v1/health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' \
	    "$http_listen" >&3
	read -r -t 5 _ status _ <&3
	exec 3>&-
	[ "$status" = 200 ]
} 2>/dev/null

wait_until() {			# NAME PID LOG CONDITION...
	local name=$1 pid=$2 log=$3 end=$((SECONDS + READY_S))
	shift 3
	until "$@"; do
		if ! kill -0 "$pid" 2>/dev/null; then
			say_result FAILED
			printf '\n%s ended at once:\n' "$name"
			tail -n $FAILED_TAIL "$log"
			exit 1
		elif [ $SECONDS -ge $end ]; then
			say_result FAILED
			printf '\n%s is not ready after %d s:\n' \
			    "$name" $READY_S
			tail -n $FAILED_TAIL "$log"
			exit 1
		fi
		sleep 0.05
	done
}

stop_one() {			# NAME PID
	local end=$((SECONDS + STOP_S))
	[ -n "$2" ] || return
	kill -TERM "$2" 2>/dev/null
	while kill -0 "$2" 2>/dev/null; do
		if [ $SECONDS -ge $end ]; then
			echo "$1 did not stop within $STOP_S s; killed" >&2
			kill -KILL "$2"
			break
		fi
		sleep 0.05
	done
	wait "$2" 2>/dev/null
}

# callbackd first: it finishes its calls with the network still there.
stop_all() {
	trap '' INT TERM HUP
	[ -z "$tail_pid" ] || kill "$tail_pid" 2>/dev/null
	[ -z "$callbackd_pid$sandbox_pid" ] || printf '\nstopping … '
	stop_one callbackd "$callbackd_pid"
	stop_one callback-sandbox "$sandbox_pid"
	[ -z "$callbackd_pid$sandbox_pid" ] || echo "stopped; the data is in ./run"
}

# ---- what is said

# listed LIST MEMBER VALUE: how many items of a list have this.
listed() {
	grep -cE "^$1[^ ]*[].)]*\.$2 = \"?$3" run/effective.conf
}

people() {
	local all automatic
	all=$(listed specialists id '')
	automatic=$(listed specialists accept automatic)
	echo "$all specialists ($automatic answer by themselves," \
	    "$((all - automatic)) are you)"
}

say_tour() {
	local http="http://localhost:${http_listen##*:}" token file
	file=$(path_setting desk_token_file)
	token=$(cat "${file:-$(path_setting state_dir)/desk_token}")
	cat <<END

  visitor   $http/shop
  desk      $http/desk?as=anna#token=$token
            $http/desk?as=boris#token=$token
  phones    http://localhost:$sandbox_port/phones

  try       redis-cli -p $redis_port ZADD '{$site}:in' NX 0 '{"phone":"+79000000001"}'
            …02 busy   …03 no answer   …04 voicemail   …05 hangs up   …07 second try
  watch     build/plain/ctl/callbackctl top
  why       build/plain/ctl/callbackctl show request NUMBER
  config    $CONF   (edit it, then: kill -HUP $callbackd_pid)
  log       run/callbackd.log
  stop      Ctrl-C   (the data stays in ./run; delete it to start over)

END
}

# The log as people read it, until callbackd ends: without levels, and only
# what concerns calls or should worry somebody.
follow_log() {
	local stamp level text
	exec {log_fd}< <(exec tail -n 0 -F -s 0.1 --pid="$callbackd_pid" \
	    run/callbackd.log 2>/dev/null)
	tail_pid=$!
	while read -r -u "$log_fd" stamp level text; do
		text=${text#event=}
		case $level in
		info|debug)
			[[ $text =~ $FOLLOWED ]] || continue ;;
		esac
		printf '%(%T)T %s\n' -1 "$text"
	done
}

run() {
	local http_listen redis_port sandbox_port site
	build
	prepare_state
	site=$(setting site)
	http_listen=$(setting http.listen)
	redis_port=$(setting embedded.port)
	sandbox_port=$(setting sandbox_url)
	sandbox_port=${sandbox_port##*:}
	sandbox_port=${sandbox_port%%/*}
	need_port "${http_listen##*:}" http.listen &&
	    need_port "$redis_port" embedded.port &&
	    need_port "$sandbox_port" "the provider's base" || exit 1

	trap stop_all EXIT
	trap 'exit 0' INT TERM HUP
	say_text telephones "sandbox network, nothing leaves this machine"
	start_sandbox
	say_result ok
	say_text callbackd "$(build/plain/daemon/callbackd -V), site \"$site\",\
 $(listed queues id '') queues, $(people)"
	start_callbackd
	say_result ok
	say_text redis "private, 127.0.0.1:$redis_port, data in ./run"
	say_result ok
	say_tour
	follow_log
	callbackd_pid=
	echo "callbackd has ended by itself:"
	tail -n $FAILED_TAIL run/callbackd.log
	exit 1
}
