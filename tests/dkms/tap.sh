# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Test results as TAP, on stdout and in a file. Sourced by tests/dkms/run.

tap_count=0
tap_failed=0

tap_begin() {
	tap_file=$1
	mkdir -p "$(dirname "$tap_file")"
	: >"$tap_file"
}

tap_line() { printf '%s\n' "$*" | tee -a "$tap_file"; }

tap_ok() {
	tap_count=$((tap_count + 1))
	tap_line "ok $tap_count - $1"
}

tap_not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	tap_line "not ok $tap_count - $1"
}

# The plan comes last: a run that was cut short has none, and shows.
tap_end() {
	tap_line "1..$tap_count"
	[ "$tap_failed" = 0 ]
}

# check NAME COMMAND...: passes when the command succeeds; its output is shown
# when it does not. The command runs in a subshell with errexit off, as bash
# has it in conditions: functions used here return what they mean.
check() {
	local name=$1 log
	shift
	log=$(mktemp "$scratch/check.XXXXXX")
	if ("$@") >"$log" 2>&1; then
		tap_ok "$name"
	else
		tap_not_ok "$name"
		tail -n 60 "$log" | sed 's/^/# /' | tee -a "$tap_file"
	fi
}
