# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# ./dev soak --hours N: what is random, for hours. Each part is a function that
# takes its share of the time in seconds, prints a line per thing it ran, and
# fails when something was found; the others still have their turn.

SOAK_PARTS="soak_sim soak_fuzz"

# Without sanitizers: so many more seeds.
soak_sim() {			# SECONDS
	packages $BUILD_PACKAGES $CHECK_PACKAGES
	step build "the simulation, into build/plain" compile_plain &&
	    step "build sim" "tests/sim" \
	        make -C build/plain -j"$(nproc)" tests/sim/sim || return
	local traffic failed=0
	for traffic in company dense; do
		build/plain/tests/sim/sim --seconds $((($1 + 1) / 2)) \
		    --traffic $traffic || failed=1
	done
	return $failed
}

soak_fuzz() {			# SECONDS
	fuzz_build
	fuzz_all "$1" $(fuzz_names)
}

soak() {
	local seconds part count failed=0
	if [ "${1-}" != --hours ] || [[ ! ${2-} =~ ^[0-9]+(\.[0-9]+)?$ ]]; then
		echo "usage: ./dev soak --hours N" >&2
		exit $EXIT_USAGE
	fi
	count=$(wc -w <<<"$SOAK_PARTS")
	seconds=$(awk "BEGIN { print int($2 * 3600 / $count) }")
	[ "$seconds" -gt 0 ] || seconds=1
	for part in $SOAK_PARTS; do
		"$part" "$seconds" || failed=1
	done
	exit $failed
}
