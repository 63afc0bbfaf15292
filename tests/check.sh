# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# ./dev check and ./dev lint. What is tested is told apart from how: a step that
# runs tests counts them in the protocol they speak (TAP, pytest), one that runs
# none counts only when it fails. Later steps run after a failure too, except
# those that need what has not been built.

passed=0
failed=0
skipped=			# why, of what could not be tried

count() {			# PASSED FAILED
	passed=$((passed + $1))
	failed=$((failed + $2))
	note="$1 passed"
	[ "$2" = 0 ] || note="$1 passed, $2 failed"
}

# check_step NAME TEXT COMMAND...: as step; a failure counts at least once.
check_step() {
	local failed_before=$failed
	step "$@" && return
	[ "$failed" -gt "$failed_before" ] || failed=$((failed + 1))
	return 1
}

# Sums the TAP of all test logs of a build folder that are newer than a file. A
# program that died without a "not ok" has failed once.
count_tap() {			# BUILD-FOLDER NEWER-THAN
	local good=0 bad=0 log numbers
	while read -r log; do
		numbers=$(awk '/# SKIP/{ next } /^ok /{ good++ } /^not ok /{ bad++ }
		    END { print good + 0, bad + 0 }' "$log")
		good=$((good + ${numbers% *}))
		bad=$((bad + ${numbers#* }))
		if [ "${numbers#* }" = 0 ] &&
		    ! grep -q '^:test-result: PASS' "${log%.log}.trs"; then
			bad=$((bad + 1))
		fi
	done < <(find "$1/tests" -name '*.log' -newer "$2")
	count $good $bad
}

# Prints the log of each program that failed, which make only names.
run_make_check() {		# BUILD-FOLDER MAKE-ARGUMENT...
	local folder=$1 stamp=$1/check.stamp status trs
	shift
	touch "$stamp"
	make -k -C "$folder" -j"$(nproc)" check "$@"
	status=$?
	count_tap "$folder" "$stamp"
	while read -r trs; do
		echo "---- ${trs%.trs}"
		grep -A 2 '^not ok ' "${trs%.trs}.log"
		grep -v '^ok ' "${trs%.trs}.log" | tail -n 15
	done < <(find "$folder/tests" -name '*.trs' -newer "$stamp" \
	    -exec grep -lE '^:test-result: X?(FAIL|ERROR|PASS unexpected)' {} +)
	return $status
}

# With crash points and defects that can be planted; also for ./dev chaos.
compile_san() {
	compile san --enable-sanitize --enable-crashpoints --enable-werror \
	    CFLAGS="-O1 -g" CXXFLAGS="-O1 -g"
}

# What "make check" of that build folder runs, but for the walk of all worlds.
test_programs() {		# BUILD-FOLDER FOLDER...
	make -C "$1" -j"$(nproc)" check TESTS= >&2 || return
	(cd "$1" && shift && find "$@" -maxdepth 1 -type f -executable) |
	    sort | tr '\n' ' '
}

# Runs the walk in these settings, or in all; counts what it says.
walk_worlds() {			# BUILD-FOLDER [SETTING...]
	local program=$1/tests/model/walk log=$1/walk.log status=0 setting
	make -C "$1" -j"$(nproc)" tests/model/walk || return
	shift
	: >"$log"
	[ $# -gt 0 ] || { "$program" >"$log" || status=1; }
	for setting; do
		"$program" --only "$setting" >>"$log" || status=1
	done
	grep '^not ok ' "$log"
	count "$(grep -c '^ok ' "$log")" "$(grep -c '^not ok ' "$log")"
	return $status
}

# The walk steps the same tables through millions of worlds: some of them here, all of
# them where nothing slows it.
tests_unit_sanitized() {
	local programs counted status=0
	programs=$(test_programs build/san tests/unit tests/store tests/sim \
	    tests/platform) || return
	ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
	    run_make_check build/san TESTS="$programs" || status=1
	counted=$note
	walk_worlds build/san screen "phone, press 1" automatic || status=1
	note="$counted; of the walk $note"
	return $status
}

tests_unit_valgrind() {
	local programs
	programs=$(test_programs build/plain tests/unit) || return
	[ -n "$programs" ] || return
	# Time limits are for the plain run: here all is some forty times slower.
	CALLBACKD_SLOWED=40 run_make_check build/plain TESTS="$programs" \
	    LOG_COMPILER=valgrind LOG_FLAGS="-q --error-exitcode=99 \
	    --suppressions=$PWD/tests/valgrind.supp \
	    --leak-check=full --errors-for-leak-kinds=definite,indirect"
}

tests_e2e() {
	local report=$LOGS/e2e.xml status numbers
	rm -f "$report"
	CALLBACKD_BUILD=$PWD/build/san top_builddir=$PWD/build/san \
	    $PYTHON -m pytest tests/e2e -q -p no:cacheprovider \
	    -n $(($(nproc) + 1)) --dist load --junitxml="$report"
	status=$?
	numbers=$($PYTHON - "$report" <<'END'
import sys
from xml.etree import ElementTree
suite = ElementTree.parse(sys.argv[1]).getroot()[0]
total, failed, errors, skipped = (
    int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped"))
print(total - failed - errors - skipped, failed + errors)
END
	) && count ${numbers}
	return $status
}

# The rest of a minute that began with the build, and never less than half of it.
tests_fuzz() {			# SECONDS THE BUILD TOOK
	local seconds=$((FUZZ_SECONDS - $1)) status
	[ $seconds -ge $((FUZZ_SECONDS / 2)) ] || seconds=$((FUZZ_SECONDS / 2))
	fuzz_passed=0
	fuzz_all $seconds $(fuzz_names)
	status=$?
	count $fuzz_passed $status
	return $status
}

tests_without_libphonenumber() {
	local log=build/nophone/phone.log status
	compile nophone --without-libphonenumber --enable-werror CFLAGS=-O0 \
	    CXXFLAGS=-O0 &&
	    make -C build/nophone tests/unit/phone || return
	build/nophone/tests/unit/phone >"$log"
	status=$?
	cat "$log"
	count "$(grep -c '^ok ' "$log")" "$(grep -v '# SKIP' "$log" | grep -c '^not ok ')"
	return $status
}

# The last line of a script of tests/chaos is JSON; two of its figures are how
# many were good, and of how many.
chaos_counted() {		# SCRIPT GOOD ALL
	local log=$LOGS/$1.out status good all
	CALLBACKD_BUILD=$PWD/build/san $PYTHON "tests/chaos/$1.py" >"$log" 2>&1
	status=$?
	cat "$log"
	good=$(tail -n 1 "$log" | sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p")
	all=$(tail -n 1 "$log" | sed -n "s/.*\"$3\": \([0-9]*\).*/\1/p")
	[ -n "$good" ] && [ -n "$all" ] && count "$good" $((all - good))
	return $status
}

chaos_campaign() {
	CALLBACKD_BUILD=$PWD/build/san $PYTHON tests/chaos/campaign.py \
	    --nodes 3 --kills 30 --redis-kills 2 --provider-faults 200 \
	    --stops 1 --cuts 30 && count 1 0
}

chaos_short() {			# SCRIPT ARGUMENT...
	local script=$1
	shift
	CALLBACKD_BUILD=$PWD/build/san $PYTHON "tests/chaos/$script.py" "$@" &&
	    count 1 0
}

bench_short() {			# NAME
	CALLBACKD_BUILD=$PWD/build/plain $PYTHON "bench/$1.py" --short &&
	    count 1 0
}

# What a tarball can lack is files: of the tests those are run that read some. The
# others were run twice by now.
readonly DIST_TESTS="tests/unit/provider tests/unit/provider_files
	tests/unit/provider_level tests/unit/provider_webhooks tests/unit/settings
	tests/unit/signature_vectors tests/store/scripts"

distribution() {
	local flags="CFLAGS=-O0 CXXFLAGS=-O0"
	make -C build/plain -j"$(nproc)" distcheck TESTS="$(echo $DIST_TESTS)" \
	    AM_DISTCHECK_CONFIGURE_FLAGS="$flags"
}

# What a packager gets: exactly there, and nothing outside of DESTDIR.
installation() {
	local root=$PWD/build/stage file
	rm -rf "$root"
	make -C build/plain install DESTDIR="$root" || return
	for file in sbin/callbackd bin/callbackctl bin/callback-sandbox \
	    lib/systemd/system/callbackd.service; do
		[ -e "$root/usr/local/$file" ] && continue
		echo "make install has not installed $file"
		return 1
	done
}

readonly NODE_PACKAGES="nodejs npm"

# The providers' own packages, at the versions of the lock file. Without the
# registry they cannot be had, and nothing is known.
tests_vendors() {
	local folder=build/node
	mkdir -p $folder
	if ! cmp -s tests/node/package-lock.json $folder/installed.json; then
		cp tests/node/package.json tests/node/package-lock.json $folder
		if ! (cd $folder && npm ci --ignore-scripts --no-audit --no-fund \
		    --fetch-retries=1 --fetch-retry-mintimeout=1000 \
		    --fetch-retry-maxtimeout=5000); then
			npm ping --fetch-retries=0 && return 1
			note="skipped: no registry"
			skipped="vendors (npm's registry cannot be reached)"
			return 0
		fi
		cp $folder/package-lock.json $folder/installed.json
	fi
	make -C build/plain tests/node/print_flows || return
	CALLBACKD_BUILD=build/plain node --test tests/node/vendors.test.mjs >build/node/tap
	local status=$?
	cat build/node/tap
	count "$(grep -c '^ok ' build/node/tap)" \
	    "$(grep -c '^not ok ' build/node/tap)"
	return $status
}

check() {
	local began=$SECONDS fuzz_began
	export PYTHONDONTWRITEBYTECODE=1
	packages $BUILD_PACKAGES $CHECK_PACKAGES $FUZZ_PACKAGES $LINT_PACKAGES
	# A newer Node from elsewhere will do.
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		packages $NODE_PACKAGES
	fi

	if check_step "build san" "gcc, address and undefined behaviour" \
	    compile_san; then
		check_step units "unit tests, sanitized" tests_unit_sanitized
		check_step e2e "end to end, sanitized" tests_e2e
		check_step crashes "every crash point once" \
		    chaos_counted crash_points good points
		check_step chaos "30 kills, 2 of Redis, 200 provider faults" \
		    chaos_campaign
		check_step crowd "ten seconds of forty fickle specialists" \
		    chaos_short crowd --minutes 0.2 --specialists 40 --nodes 2
		check_step failovers "a replica takes the place of Redis" \
		    chaos_short failovers 1 --seed 8
		check_step tails "the append-only file without its end" \
		    chaos_short aof_tails 25 --seed 7
		check_step planted "every planted defect is found" \
		    chaos_counted planted found planted
	fi
	if check_step build "gcc" compile_plain; then
		check_step burst "a thousand requests, three specialists" \
		    bench_short burst
		check_step walk "every world the tables can come to" \
		    walk_worlds build/plain
		check_step valgrind "unit tests under valgrind" \
		    tests_unit_valgrind
		check_step vendors "signatures and flows by the providers' packages" \
		    tests_vendors
		check_step install "make install DESTDIR=build/stage" \
		    installation
		check_step dist "make distcheck" distribution
	fi
	fuzz_began=$SECONDS
	if check_step "build fuzz" "clang, for libFuzzer" compile_fuzz; then
		check_step fuzz "random bytes for all that reads them" \
		    tests_fuzz $((SECONDS - fuzz_began))
	fi
	check_step "no phone" "without libphonenumber" \
	    tests_without_libphonenumber
	lint_steps

	[ -z "$skipped" ] || printf '\nskipped: %s\n' "$skipped"
	printf '\n%d passed, %d failed, %d s\n' \
	    "$passed" "$failed" $((SECONDS - began))
	[ "$failed" = 0 ] || exit 1
}

# ---- lint

readonly EXPOSURE_MAX=1.5

# Told what it cannot know of other people's macros, and not asked for what
# compilers and sanitizers see better.
lint_c() {
	cppcheck -q -j "$(nproc)" --error-exitcode=1 \
	    --enable=warning,performance,portability --library=bsd -I . \
	    -D 'LIST_HEAD(name,type)=void *' \
	    -D 'json_array_foreach(list,i,value)=while ((value) != NULL)' \
	    -D 'json_object_foreach(all,name,value)=while ((value) != NULL)' \
	    --suppress=missingIncludeSystem --suppress=memleak \
	    --suppress=uninitvar --suppress=legacyUninitvar \
	    --suppress=CastIntegerToAddressAtReturn \
	    --suppress=syntaxError:lib/request_life.c \
	    lib net daemon ctl sandbox
}

lint_unit() {
	systemd-analyze security --offline=true --no-pager \
	    --threshold="${EXPOSURE_MAX/./}" systemd/callbackd.service
}

lint_steps() {
	check_step cppcheck "what a compiler does not see" lint_c
	check_step exposure "of callbackd.service, at most $EXPOSURE_MAX" \
	    lint_unit
}

lint() {
	packages $LINT_PACKAGES
	lint_steps
	[ "$failed" = 0 ] || exit 1
}
