#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh - install what is missing, build, and run every test that this host can run.
#
#   --deps           only install what build and tests need
#   --runtimes       with every language runtime that has cases; without it those that are missing are
#                    skipped, also where live tests are required
#   --build DIR      where to build (build/)
#   --only STEP      only this step; may be given several times
#   --require LIST   steps that must run: what is a skip elsewhere is a failure for them
#   --ci             warnings are errors, with gcc and with clang
#   --list           name the steps
#
# Every test is a line `ok NAME`, `not ok NAME: why` or `skip NAME: reason`. The last line is
# `N passed, N failed, N skipped`; the exit status is 1 when something failed.
set -u
# The kernel's probes need tracefs, which is not mounted everywhere: then the tests see a mount of their own.
if [ "$(id -u)" = 0 ] && [ -d /sys/kernel/tracing ] && [ ! -e /sys/kernel/tracing/uprobe_events ] && [ -z "${MEMCAGE_TESTS_MOUNTED-}" ]; then
	export MEMCAGE_TESTS_MOUNTED=1
	exec unshare --mount bash -c 'mount -t tracefs tracefs /sys/kernel/tracing; exec bash "$0" "$@"' "$0" "$@"
fi
# shellcheck source-path=SCRIPTDIR source=steps.sh
source "$(dirname "$0")/steps.sh"

all_steps=(unit fuzz-replay schema lint clang sanitize live-v1 attacks bench install seed live-v2 qemu examples)
build=$root/build only=() ci="" deps_only="" runtimes=""

usage() {
	sed -n '3,/^set -u/s/^# \{0,1\}//p' "$0" | sed '/^set -u/d'
}

while [ $# -gt 0 ]; do
	case $1 in
	--build | --only | --require)
		[ -n "${2-}" ] || { echo "run.sh: $1 needs a value; see run.sh --help" >&2; exit 125; } ;;
	esac
	case $1 in
	--deps) deps_only=1; shift ;;
	--runtimes) runtimes=--runtimes; shift ;;
	--build) build=$(realpath -m "$2"); shift 2 ;;
	--only) only+=("$2"); shift 2 ;;
	--require) IFS=, read -ra required <<<"$2"; shift 2 ;;
	--ci) ci=1; shift ;;
	--list) printf '%s\n' "${all_steps[@]}"; exit 0 ;;
	--help | -h) usage; exit 0 ;;
	*) echo "run.sh: unknown option $1; see run.sh --help" >&2; exit 125 ;;
	esac
done
for step in ${only[@]+"${only[@]}"} ${required[@]+"${required[@]}"}; do
	contains "$step" "${all_steps[@]}" || { echo "run.sh: no step $step; there are: ${all_steps[*]}" >&2; exit 125; }
done

install_packages || exit 1
[ -z "$deps_only" ] || exit 0

reports=$build/reports

step_build() {
	local options=(-DCMAKE_BUILD_TYPE=Release -DMEMCAGE_TESTS=ON "-DMEMCAGE_WERROR=$([ -n "$ci" ] && echo ON || echo OFF)")
	check build/configure cmake -S "$root" -B "$build" "${options[@]}" || return
	check build/gcc cmake --build "$build" --parallel "$jobs" || return
	! { chosen live-v1 || chosen live-v2; } ||
		check build/runtimes /usr/bin/python3 "$root/tests/live/run.py" --prepare --workloads "$build/tests/workloads"
}

step_unit() {
	mkdir -p "$reports" && rm -f "$reports"/*.json
	MEMCAGE_REPORT_DIR=$reports ctest_lines unit "$build" -L '^unit$'
}

step_fuzz_replay() {
	ctest_lines fuzz-replay "$build" -L '^fuzz-replay$'
}

step_schema() {
	check schema/is-valid /usr/bin/python3 "$root/tests/live/check_schemas.py" "$root"/include/memcage/*.schema.json
	check schema/explanations /usr/bin/python3 "$root/tests/validate_reports.py" \
		--schema "$root/include/memcage/explain.schema.json" "$root/tests/golden/explain"
	if compgen -G "$reports/*.json" >/dev/null; then
		check schema/reports /usr/bin/python3 "$root/tests/validate_reports.py" "$reports"
	else
		not_ok schema/reports "no test wrote a report into $reports"
	fi
}

step_lint() {
	local scripts
	check lint/layers "$root/tests/lint/layers.sh"
	check lint/headers "$root/tests/lint/headers.sh"
	check lint/words "$root/tests/lint/words.sh"
	mapfile -t scripts < <(cd "$root" && grep -rlIE '^#!.*(/|env )(ba|da)?sh' tests examples .ci 2>/dev/null)
	have shellcheck lint/shellcheck &&
		check lint/shellcheck in_root shellcheck -x --severity=warning "${scripts[@]}"
	# another version formats otherwise
	if ! clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
		skip lint/format "clang-format 14 is missing"
	else
		mapfile -t sources < <(cd "$root" && find include runner tests examples -name '*.[ch]' 2>/dev/null)
		check lint/format in_root clang-format --dry-run -Werror "${sources[@]}"
	fi
}

step_clang() {
	have clang clang/build || return
	check clang/configure cmake -S "$root" -B "$build/clang" -DCMAKE_C_COMPILER=clang \
		-DMEMCAGE_WERROR=ON -DMEMCAGE_TESTS=ON &&
		check clang/build cmake --build "$build/clang" --parallel "$jobs"
}

step_sanitize() {
	check sanitize/configure cmake -S "$root" -B "$build/sanitize" -DCMAKE_BUILD_TYPE=Debug \
		-DMEMCAGE_SANITIZE=ON -DMEMCAGE_TESTS=ON || return
	check sanitize/build cmake --build "$build/sanitize" --parallel "$jobs" \
		--target memcage_unit_tests memcage_fuzz_replay || return
	ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		ctest_lines sanitize "$build/sanitize" -L '^(unit|fuzz-replay)$'
}

# in_live WORLD WRAPPER... - the cases of tests/live, behind a wrapper that boots a guest or nothing
in_live() {
	local world=$1 strict
	shift
	mapfile -t strict < <(strict "live-$world")
	"$@" /usr/bin/python3 "$root/tests/live/run.py" --world "$world" \
		--program "$build/memcage" --workloads "$build/tests/workloads" "${live_options[@]}" "${strict[@]}" \
		${runtimes:+"$runtimes"}
}

live() {
	counted "live-$1" in_live "$1"
}

# live_ways WORLD - the rows of the runtimes as the tracer alone sees them, as the program in the kernel
# does, and watched against not
live_ways() {
	local options=("${live_options[@]}") witness
	for witness in trace bpf; do
		live_options=("${options[@]}" --witness "$witness")
		live "$1"
	done
	live_options=("${options[@]}" --unwatched)
	live "$1"
}

step_live_v1() {
	local live_options=(--jobs "$jobs" --reports "$reports")
	grep -q ' - cgroup [^ ]* .*memory' /proc/self/mountinfo ||
		{ skip live-v1 "the memory controller is not on cgroup v1 here"; return; }
	live v1
	live_options+=(--only 'runtime/*')
	live_ways v1
}

# ---- cgroup v2 in a virtual machine, which takes one processor and long: beside the other steps ----

guest="" guest_pid=""

has_uml() {
	[ "$(id -u)" = 0 ] && command -v linux.uml >/dev/null
}

# In a process group of its own, which ends with us.
start_guest() {
	local live_options=(--guest --scale 5 --reports /run/share/reports)
	guest=$(mktemp -d) && mkdir "$guest/tmp" "$guest/reports"
	set -m
	{
		in_live v2 "$root/tests/vm/uml.sh" --timeout 1800 --share "$guest" -- env TMPDIR=/run/share/tmp
		echo $? >"$guest/status"
	} >"$guest/output" 2>&1 &
	guest_pid=$!
	set +m
}

end_guest() {
	[ -n "$guest_pid" ] && kill -- "-$guest_pid" 2>/dev/null && wait "$guest_pid"
	rm -rf "$guest" "$last_log"
}
trap end_guest EXIT

# What it has said so far, and what comes, till its end.
said_by_guest() {
	tail -n +1 -s 0.5 -f --pid="$guest_pid" "$guest/output"
	return "$(cat "$guest/status")"
}

step_live_v2() {
	local live_options=(--jobs "$jobs" --reports "$reports") native="" report
	if grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null && [ "$(id -u)" = 0 ]; then
		native=1
		live v2
		live_options+=(--only 'runtime/*')
		live_ways v2
	fi
	# the guest can be spoiled: it has cases that the host has not
	if [ "$(id -u)" != 0 ]; then
		skip live-v2 "the virtual machine needs root"
	elif ! has_uml; then
		[ -n "$native" ] || skip live-v2 "user-mode-linux is missing"
	else
		counted live-v2 said_by_guest
		for report in "$guest"/reports/*.json; do
			[ ! -e "$report" ] || cp "$report" "$reports/guest.${report##*/}"
		done
	fi
}

step_qemu() {
	local strict
	mapfile -t strict < <(strict qemu)
	counted qemu "$root/tests/vm/qemu.sh" --build "$build" --reports "$reports" "${strict[@]}"
}

# The attacks on cages: here as root, and in the guest, which may be spoiled, as root and as a user.
step_attacks() {
	local results worlds=()
	results=$(mktemp -d)
	if [ "$(id -u)" != 0 ]; then
		skip attacks "they are made as root, and in a virtual machine that needs root"
		return
	fi
	"$build/memcage" selftest --json >"$results/native.json" 2>"$last_log" || sed 's/^/    /' "$last_log"
	worlds+=("native=$results/native.json")
	if has_uml; then
		"$root/tests/vm/uml.sh" --timeout 600 --share "$results" -- "$root/tests/attacks/guest.sh" "$build" /run/share 2>&1 |
			sed 's/^/    /'
		worlds+=("guest-root=$results/root.json" "guest-user=$results/user.json")
	else
		skip attacks/guest "user-mode-linux is missing"
	fi
	counted attacks /usr/bin/python3 "$root/tests/attacks/check.py" "${worlds[@]}"
	rm -rf "$results"
}

# Whether it runs; how long things take is no test.
step_bench() {
	"$build/memcage" run -q -- true || { skip bench/overhead "no cage can be had here"; return; }
	check bench/overhead /usr/bin/python3 "$root/tests/bench/overhead.py" --program "$build/memcage" \
		--pairs 2 --mallocs 1000 --json "$build/overhead.json"
	check bench/one_run /usr/bin/python3 "$root/tests/bench/one_run.py" --program "$build/memcage" \
		--runs 3 --json "$build/one_run.json"
	check bench/batch /usr/bin/python3 "$root/tests/bench/batch.py" --program "$build/memcage" \
		--runs 20 --pairs 1 --alive 5
}

step_install() {
	counted install "$root/tests/install.sh" "$build"
}

step_examples() {
	check examples/quickstart timeout 300 "$root/examples/quickstart.sh"
	if [ "$(grep -c '^memcage: ' "$last_log")" -ge 3 ]; then
		ok examples/three-verdicts
	else
		not_ok examples/three-verdicts "the quickstart prints fewer than three lines of memcage"
	fi
}

step_seed() {
	counted seed "$root/examples/seed/check.sh" --program "$build/memcage" --reports "$reports"
}

chosen() {
	[ ${#only[@]} = 0 ] || { contains "$1" "${only[@]}"; return; }
	[ "$1" != clang ] || [ -n "$ci" ]
}

mkdir -p "$build" "$reports"
if step_build; then
	! { chosen live-v2 && has_uml; } || start_guest
	for step in "${all_steps[@]}"; do
		chosen "$step" || continue
		began=$SECONDS
		echo "== $step"
		"step_${step//-/_}"
		echo "== $step took $((SECONDS - began)) s"
	done
fi
finish
