# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# ./dev fuzz: the targets of tests/fuzz, each for its share of the time. What a
# target learns is kept in build/fuzz/learnt, and its crashes in build/fuzz/crashes.

readonly FUZZ_SECONDS=60
readonly FUZZ_ONE_RUN=20		# seconds one input may take
readonly FUZZ_MEMORY=2048		# megabytes

# Whole, although only the targets run: so clang's warnings are seen of every file.
# One after the other: "all" is a make of its own, and two would build the same libraries
# at the same time.
compile_fuzz() {
	configured fuzz --enable-fuzz --enable-werror CC=clang CXX=clang++ \
	    CFLAGS="-O1 -g" CXXFLAGS="-O1 -g" &&
	    make -C build/fuzz -j"$(nproc)" all &&
	    make -C build/fuzz -j"$(nproc)" fuzz-targets
}

fuzz_names() {
	make -s -C build/fuzz fuzz-names | tr ' ' '\n' | sed 's|.*/||'
}

fuzz_stat() {			# LOG NAME: of libFuzzer's last lines; 0: none
	sed -n "s/^stat::$2: *//p" "$1" | tail -n 1 | grep . || echo 0
}

# The coverage (edges) after the seeds, and at the end.
fuzz_coverage() {		# LOG
	awk '/^#.* cov: /{ for (i = 1; i < NF; i++) if ($i == "cov:") now = $(i + 1)
	    if ($2 == "INITED") first = now }
	    END { print first + 0, now + 0 }' "$1"
}

# One line; on a crash also what was found, and how to see it again.
fuzz_one() {			# NAME SECONDS
	local name=$1 log=$LOGS/fuzz-$1.log learnt=build/fuzz/learnt/$1
	local crashes=build/fuzz/crashes began=$SECONDS stamp status first now
	mkdir -p "$LOGS" "$learnt" "$crashes"
	stamp=$crashes/stamp
	touch "$stamp"
	build/fuzz/tests/fuzz/"$name" -max_total_time="$2" -print_final_stats=1 \
	    -timeout=$FUZZ_ONE_RUN -rss_limit_mb=$FUZZ_MEMORY \
	    -artifact_prefix="$crashes/$name-" "$learnt" \
	    $(find tests/fuzz/corpus/"$name" tests/fuzz/found/"$name" \
	        -maxdepth 0 2>/dev/null) >"$log" 2>&1
	status=$?
	read -r first now < <(fuzz_coverage "$log")
	say_text fuzz "$(printf '%-16s %9d runs, coverage %5d, %d of it new' \
	    "$name" "$(fuzz_stat "$log" number_of_executed_units)" "$now" \
	    $((now - first)))"
	if [ $status = 0 ]; then
		say_result "no crash  $(printf '%4s s' $((SECONDS - began)))"
		return
	fi
	say_result CRASHED
	grep -E 'CHECK\(|ERROR: |runtime error|SUMMARY' "$log" |
	    sed 's/^/             /' | head -n 4
	find "$crashes" -name "$name-*" -newer "$stamp" \
	    -printf "             the input: %p\n             again: build/fuzz/tests/fuzz/$name %p\n"
	echo "             the log: $log"
	return 1
}

# Each of them for its share; returns how many crashed, and counts the others.
fuzz_all() {			# SECONDS NAME...
	local share=$(($1 / ($# - 1))) name crashed=0
	shift
	# libFuzzer takes a second more than it is given.
	share=$((share > 2 ? share - 1 : 1))
	for name; do
		fuzz_one "$name" $share || crashed=$((crashed + 1))
	done
	fuzz_passed=$(($# - crashed))
	return $crashed
}

fuzz_build() {
	packages $BUILD_PACKAGES $FUZZ_PACKAGES
	step "build fuzz" "clang's libFuzzer, into build/fuzz" compile_fuzz ||
	    exit
}

fuzz() {
	local seconds=$FUZZ_SECONDS wanted='' names
	while [ $# -gt 0 ]; do
		case $1 in
		--seconds)
			seconds=${2-}
			shift 2 ;;
		-*)
			seconds='' && break ;;
		*)
			wanted=$1
			shift ;;
		esac
	done
	if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
		echo "usage: ./dev fuzz [TARGET] [--seconds N]" >&2
		exit $EXIT_USAGE
	fi
	fuzz_build
	names=$(fuzz_names)
	if [ -n "$wanted" ] && ! grep -qx -e "$wanted" <<<"$names"; then
		echo "./dev fuzz: there is no $wanted; there is" $names >&2
		exit $EXIT_USAGE
	fi
	fuzz_all "$seconds" ${wanted:-$names} || exit 1
}
