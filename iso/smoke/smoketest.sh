#!/bin/sh
# Checks a machine that booted bee. Runs as root on that machine:
#
#   ssh root@ADDRESS 'sh -s' -- [--expect-internet] [--no-network] <smoketest.sh
#
#   --expect-internet  FAIL where the machine does not reach the internet
#   --no-network       the machine has no network card, and must come up all the same
#
# One line for each check: "PASS name[: detail]", "FAIL name: reason" or
# "SKIP name: reason". The last line is "bee-smoke: N passed, N failed, N skipped".
# The exit status is 0 where no check failed, 1 where one did, 2 for wrong usage.
#
# The checks are in a program on the ISO, iso/smoke/selftest. Here is only what must be
# seen where that is missing, does not start or breaks off: it is a FAIL of its own.
set -u

selftest=/usr/local/lib/bee/selftest
release=/etc/bee-release

# count: passes on the lines of the program, and counts them; its own last line,
# which has the same counts, says that it came to its end
count() {
	passed=0 failed=0 skipped=0 last=nothing counts=
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'PASS '*) passed=$((passed + 1)) ;;
		'FAIL '*) failed=$((failed + 1)) ;;
		'SKIP '*) skipped=$((skipped + 1)) ;;
		esac
		counts="bee-smoke: $passed passed, $failed failed, $skipped skipped"
		[ "$line" = "$counts" ] || printf '%s\n' "$line"
		last=$line
	done
	if [ "$last" != "$counts" ]; then
		failed=$((failed + 1))
		printf 'FAIL selftest: the checks came to no end; the last words: %s\n' "$last"
	fi
	echo "bee-smoke: $passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}

main() {
	for argument; do
		case $argument in
		--expect-internet | --no-network) ;;
		*) echo "smoketest.sh: $argument: neither --expect-internet nor --no-network" >&2; exit 2 ;;
		esac
	done
	if [ ! -x "$selftest" ]; then
		version=$(sed -n 's/^BEE_VERSION=//p' "$release" 2>/dev/null)
		echo "FAIL selftest: no $selftest: the ISO, version ${version:-unknown}, is broken or older than this script"
		echo "bee-smoke: 0 passed, 1 failed, 0 skipped"
		return 1
	fi
	"$selftest" "$@" 2>&1 | count
}

main "$@"
