#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check.sh - runs the seed programs at 256 MiB, each as the table in README.md says, and compares
# the verdicts.
#
#   --program PATH   the memcage to use (build/memcage)
#   --reports DIR    keep the JSON reports there
#
# PYTHON is the interpreter, /usr/bin/python3 without it. Every row is a line `ok NAME`,
# `not ok NAME: why` or `skip NAME: reason`; the last line counts them, and the exit status is 1 when
# something failed.
set -u
seed=$(cd "$(dirname "$0")" && pwd)
program=$seed/../../build/memcage reports=""
python=${PYTHON:-/usr/bin/python3}
passed=0 failed=0 skipped=0

usage() {
	sed -n '3,/^set -u/s/^# \{0,1\}//p' "$0" | sed '/^set -u/d'
}

while [ $# -gt 0 ]; do
	case $1 in
	--program | --reports)
		[ $# -gt 1 ] || { echo "check.sh: $1 needs a value" >&2; exit 125; }
		if [ "$1" = --program ]; then program=$2; else reports=$2; fi
		shift 2 ;;
	--help | -h) usage; exit 0 ;;
	*) echo "check.sh: unknown option $1" >&2; usage >&2; exit 125 ;;
	esac
done
[ -x "$program" ] || { echo "check.sh: no program at $program; build it, or name it with --program" >&2; exit 125; }
program=$(realpath "$program")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
reports=$(realpath -m "${reports:-$work}")
mkdir -p "$reports"

skip() {
	skipped=$((skipped + 1))
	echo "skip $1: $2"
}

not_ok() {
	failed=$((failed + 1))
	echo "not ok $1: $2"
	sed 's/^/    /' "$work/stdout" "$work/stderr" | tail -n 12
}

# Whether the report says so: a Python expression over `report`.
report_says() {
	"$python" -c 'import json, sys; report = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$1" "$2"
}

# row NAME "OPTIONS" "PROGRAM [ARGUMENT]" VERDICT [out|err|report WHAT]
# What must be in an output, or be true of the report, beside the verdict.
row() {
	local name=seed/$1 verdict=$4 where=${5:-} what=${6:-} report=$reports/seed.$1.json options command
	read -ra options <<<"$2"
	read -ra command <<<"$3"
	command[0]=$seed/${command[0]}
	"$program" run -m 256M "${options[@]}" --color never --expect "$verdict" -r "$report" -- \
		"$python" "${command[@]}" >"$work/stdout" 2>"$work/stderr"
	local status=$?
	if [ $status != 0 ]; then
		not_ok "$name" "not $verdict (exit status $status)"
	elif [ "$where" = out ] && ! grep -qF -- "$what" "$work/stdout"; then
		not_ok "$name" "standard output lacks: $what"
	elif [ "$where" = err ] && ! grep -qF -- "$what" "$work/stderr"; then
		not_ok "$name" "standard error lacks: $what"
	elif [ "$where" = report ] && ! report_says "$report" "$what" 2>>"$work/stderr"; then
		not_ok "$name" "the report does not say: $what"
	else
		passed=$((passed + 1))
		echo "ok $name"
	fi
}

# The smallest limit of a program in bytes, by memcage fit; empty when there is none.
smallest_limit() {
	"$program" fit --json -q --repeat 2 -- "$python" "$seed/$1" >"$work/stdout" 2>"$work/stderr" &&
		"$python" -c 'import json, sys; print(json.load(sys.stdin)["limit_bytes"])' <"$work/stdout"
}

# ratio NAME LARGE SMALL LEAST - prints how many times the limit of SMALL that of LARGE is
ratio() {
	local large small
	if ! large=$(smallest_limit "$2") || ! small=$(smallest_limit "$3"); then
		not_ok "seed/$1" "memcage fit found no limit"
	elif ! awk -v l="$large" -v s="$small" -v least="$4" 'BEGIN { exit !(l / s >= least) }'; then
		not_ok "seed/$1" "the limits are $large and $small bytes: less than $4 to 1"
	else
		passed=$((passed + 1))
		awk -v name="seed/$1" -v l="$large" -v s="$small" 'BEGIN {
			printf "ok %s (%.0f MiB to %.0f MiB: %.1f to 1)\n", name, l / 1048576, s / 1048576, l / s }'
	fi
}

# Whether the kernel itself would promise this many bytes (vm.overcommit_memory): else it refuses
# them before any cage does.
host_promises() {
	awk -v bytes="$1" -v mode="$(cat /proc/sys/vm/overcommit_memory)" '
		{ kilobytes[$1] = $2 }
		END {
			room = kilobytes["MemTotal:"] + kilobytes["SwapTotal:"]
			if (mode == 2)
				room = kilobytes["CommitLimit:"] - kilobytes["Committed_AS:"]
			exit !(mode == 1 || room * 1024 > bytes)
		}' /proc/meminfo
}

yes 'one line of a large file' | head -c 300M >"$work/large.txt"
# up to its highest point (afterwards the kernel takes the dead process apart)
steady='(lambda m: m.index(max(m)) >= 4 and m[0] < m[m.index(max(m)) // 2] < max(m))([p["memory_bytes"] for p in report["timeline"]])'

row huge_list_fail "--at-limit fail" huge_list.py alloc_failure/refused err MemoryError
row huge_list_caught_fail "--at-limit fail" huge_list_caught.py ok/recovered_alloc_failure \
	out "Failed to allocate memory for the huge list."
if host_promises 8000000000; then
	row huge_list_caught_kill "--at-limit kill" huge_list_caught.py oom_kill/own_limit
else
	skip seed/huge_list_caught_kill "this host refuses 8 GB by itself (vm.overcommit_memory)"
fi
row stream_file_kill "--at-limit kill" "stream_file.py $work/large.txt" ok out lines
row stream_file_fail "--at-limit fail" "stream_file.py $work/large.txt" ok out lines
row load_file_kill "--at-limit kill" "load_file.py $work/large.txt" oom_kill/own_limit
row load_file_fail "--at-limit fail" "load_file.py $work/large.txt" alloc_failure/refused err MemoryError
row load_or_stream_fail "--at-limit fail" "load_or_stream.py $work/large.txt" ok/recovered_alloc_failure out streamed
if ! "$python" -c 'import numpy' 2>/dev/null; then
	skip seed/numpy_zeros_kill "$python has no numpy (apt install python3-numpy)"
	skip seed/numpy_touched_kill "$python has no numpy (apt install python3-numpy)"
	skip seed/many_numbers_array_kill "$python has no numpy (apt install python3-numpy)"
	skip seed/many_numbers_fit "$python has no numpy (apt install python3-numpy)"
elif ! host_promises 1000000000; then
	skip seed/numpy_zeros_kill "this host refuses 1 GB by itself (vm.overcommit_memory)"
	skip seed/numpy_touched_kill "this host refuses 1 GB by itself (vm.overcommit_memory)"
	skip seed/many_numbers_array_kill "this host refuses 1 GB by itself (vm.overcommit_memory)"
	skip seed/many_numbers_fit "this host refuses 1 GB by itself (vm.overcommit_memory)"
else
	row numpy_zeros_kill "--at-limit kill" numpy_zeros.py ok out promised
	row numpy_touched_kill "--at-limit kill" numpy_touched.py oom_kill/own_limit
	row many_numbers_array_kill "--at-limit kill" many_numbers_array.py ok out "in an array"
	ratio many_numbers_fit many_numbers_list.py many_numbers_array.py 3
fi
row many_numbers_list_kill "--at-limit kill" many_numbers_list.py oom_kill/own_limit
row leak_kill "--at-limit kill" leak.py oom_kill/own_limit report "$steady"
row leak_fail "--at-limit fail" leak.py alloc_failure/refused report \
	'"leak.py:" in (report["alloc_failures"]["first"]["source_line"] or "")'
row carry_on_fail "--at-limit fail" carry_on.py alloc_failure/refused report 'report["alloc_failures"]["count"] >= 2'

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
