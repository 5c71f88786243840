# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# steps.sh - what run.sh is made of: packages, and lines that are counted. Sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)
passed=0 failed=0 skipped=0
required=() step=""
last_log=$(mktemp)
trap 'rm -f "$last_log"' EXIT
exec </dev/null # nobody asks anything, and a closed standard input is one less surprise

build_packages=(build-essential cmake pkg-config libjansson-dev libcgroup-dev libseccomp-dev libcyaml-dev libyaml-dev
	libdw-dev)
test_packages=(libcmocka-dev libbpf-dev python3 python3-jsonschema python3-numpy clang clang-format shellcheck busybox-static
	gnuplot-nox
	golang-github-containers-common) # the last one for its seccomp profile
machine_packages=(user-mode-linux qemu-system-x86) # not to be had everywhere
# the languages of tests/live/cases_runtimes_*.py: large, so only with --runtimes
runtime_packages=(musl-tools libjemalloc2 libtcmalloc-minimal4 rustc golang-go openjdk-17-jdk-headless nodejs
	perl ruby lua5.4 php-cli r-base-core mawk gawk)

# contains WORD WORDS...
contains() {
	local word=$1 other
	shift
	for other; do
		[ "$other" = "$word" ] && return 0
	done
	return 1
}

is_required() {
	contains "$1" ${required[@]+"${required[@]}"}
}

ok() {
	passed=$((passed + 1))
	echo "ok $1"
}

not_ok() {
	failed=$((failed + 1))
	echo "not ok $1: $2"
}

# skip NAME REASON - a failure where the current step is required
skip() {
	if is_required "$step"; then
		not_ok "$1" "required, but $2"
	else
		skipped=$((skipped + 1))
		echo "skip $1: $2"
	fi
}

# have TOOL NAME
have() {
	command -v "$1" >/dev/null || { skip "$2" "$1 is missing"; return 1; }
}

in_root() {
	(cd "$root" && "$@")
}

# check NAME COMMAND... - one line for one command; what it said is shown when it fails
check() {
	local name=$1 status
	shift
	"$@" >"$last_log" 2>&1
	status=$?
	if [ "$status" = 0 ]; then
		ok "$name"
	else
		not_ok "$name" "exit status $status"
		# with several jobs at work the error may stand far above the end
		[ "$(wc -l <"$last_log")" -le 60 ] || grep -iE 'error|undefined' "$last_log" | head -n 30 | sed 's/^/    /'
		tail -n 60 "$last_log" | sed 's/^/    /'
	fi
	return "$status"
}

strict() {
	! is_required "$1" || echo --strict
}

# counted NAME COMMAND... - a command that prints lines like ours and ends with its own counts
counted() {
	local name=$1 status counts
	shift
	"$@" 2>&1 | tee "$last_log" | grep --line-buffered -vE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'
	status=${PIPESTATUS[0]}
	counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$last_log" | tail -n 1)
	if [ -z "$counts" ]; then
		not_ok "$name" "ended with status $status before its counts"
		return 1
	fi
	read -r -a counts <<<"${counts//[!0-9 ]/}"
	passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
	if [ "$status" != 0 ] && [ "${counts[1]}" = 0 ]; then
		not_ok "$name" "exit status $status, and yet no failure was named"
	fi
}

# why_skipped BUILD TEST - what a test that ended as skipped said of it
why_skipped() {
	awk -v test="$2" '/^[0-9]+\/[0-9]+ Testing: / { here = $3 == test }
		here && sub(/^skipped: /, "") { print; exit }' "$1/Testing/Temporary/LastTest.log"
}

# ctest_lines NAME BUILD OPTIONS... - one line for each ctest entry
ctest_lines() {
	local name=$1 directory=$2 status line any=""
	shift 2
	ctest --test-dir "$directory" --output-on-failure --parallel "$jobs" "$@" >"$last_log" 2>&1
	status=$?
	while read -r line; do
		any=1
		case $line in
		*\ Passed\ *) ok "$name/${line%%|*}" ;;
		*Skipped*) skip "$name/${line%%|*}" "$(why_skipped "$directory" "${line%%|*}")" ;;
		*) not_ok "$name/${line%%|*}" "${line#*|}" ;;
		esac
	done < <(sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) \.*(.*)$/\1|\2 /p' "$last_log")
	[ -n "$any" ] || not_ok "$name" "ctest found no tests"
	[ "$status" = 0 ] || grep -vE '^ *(Start|[0-9]+/[0-9]+ Test)' "$last_log" | tail -n 80 | sed 's/^/    /'
}

missing_packages() {
	local package
	for package; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
	done
}

# All at once, and one by one where that fails: a name may be another elsewhere. The cases of a runtime
# that is not there then say so.
install_runtimes() {
	local wanted package
	mapfile -t wanted < <(missing_packages "${runtime_packages[@]}")
	[ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" = 0 ] || return 0
	echo "installing ${wanted[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update >"$last_log" 2>&1 || echo "apt-get update failed" >&2
	apt-get -qy --no-install-recommends install "${wanted[@]}" >"$last_log" 2>&1 && return
	for package in "${wanted[@]}"; do
		apt-get -qy --no-install-recommends install "$package" >"$last_log" 2>&1 ||
			echo "cannot install $package" >&2
	done
}

# Installs what is missing, where that can be done. A package that only some tests need may fail.
install_packages() {
	local needed machines package
	if ! command -v dpkg-query >/dev/null; then
		echo "no Debian here: these must be there: ${build_packages[*]} ${test_packages[*]} ${machine_packages[*]}"
		return 0
	fi
	mapfile -t needed < <(missing_packages "${build_packages[@]}" "${test_packages[@]}")
	[ -z "${runtimes-}" ] || install_runtimes
	mapfile -t machines < <(missing_packages "${machine_packages[@]}")
	[ $((${#needed[@]} + ${#machines[@]})) -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "not installed, and only root can: apt-get install --no-install-recommends ${needed[*]} ${machines[*]}"
		[ -z "${deps_only-}" ] # to install was all that was asked; else the tests tell what they miss
		return
	fi
	echo "installing ${needed[*]} ${machines[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update >"$last_log" 2>&1 || { tail -n 5 "$last_log" >&2; echo "apt-get update failed" >&2; }
	if [ ${#needed[@]} -gt 0 ] && ! apt-get -qy --no-install-recommends install "${needed[@]}" >"$last_log" 2>&1; then
		tail -n 20 "$last_log" >&2
		echo "cannot install ${needed[*]}" >&2
		return 1
	fi
	for package in ${machines[@]+"${machines[@]}"}; do
		apt-get -qy --no-install-recommends install "$package" >"$last_log" 2>&1 ||
			echo "cannot install $package: its tests will be skipped" >&2
	done
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit
}
