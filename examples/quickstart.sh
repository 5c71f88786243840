#!/bin/bash
# SPDX-License-Identifier: MIT
#
# quickstart.sh - from a fresh Debian 12 or Ubuntu 24.04 to three verdicts: installs what is missing,
# builds into build/, and runs one Python program three ways. Safe to run again. What it writes is
# all in build/.
set -eu
cd "$(dirname "$0")/.."
out=build/quickstart
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
degraded="" unexpected=0

# what the build and the demonstration need and this machine has not, as names of packages
missing_packages() {
	command -v cc >/dev/null && command -v make >/dev/null || echo build-essential
	command -v cmake >/dev/null || echo cmake
	command -v pkg-config >/dev/null || echo pkg-config
	command -v python3 >/dev/null || echo python3
	pkg-config --exists 'jansson >= 2.13' 2>/dev/null || echo libjansson-dev
	pkg-config --exists 'libcgroup >= 2.0' 2>/dev/null || echo libcgroup-dev
	pkg-config --exists 'libseccomp >= 2.5' 2>/dev/null || echo libseccomp-dev
	pkg-config --exists 'libcyaml >= 1.3' 2>/dev/null || echo libcyaml-dev
	pkg-config --exists 'yaml-0.1 >= 0.2' 2>/dev/null || echo libyaml-dev
}

# loudly_if_it_fails COMMAND... - silent, but for a command that fails
loudly_if_it_fails() {
	"$@" >>"$out/build.log" 2>&1 && return
	tail -n 20 "$out/build.log" >&2
	echo "quickstart: failed: $*; all of it is in $out/build.log" >&2
	exit 1
}

install_missing() {
	local packages
	mapfile -t packages < <(missing_packages)
	[ ${#packages[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "quickstart: these are missing, by their Debian names: ${packages[*]}" >&2
		exit 1
	elif [ "$(id -u)" != 0 ]; then
		echo "quickstart: not installed yet; please run this, then quickstart again:" >&2
		echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}" >&2
		exit 1
	fi
	echo "Installing ${packages[*]}"
	loudly_if_it_fails env DEBIAN_FRONTEND=noninteractive apt-get -qy update
	loudly_if_it_fails env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "${packages[@]}"
}

# Whether the kernel would promise the list's 8 GB; else it refuses them before any cage does.
host_promises_list() {
	awk -v mode="$(cat /proc/sys/vm/overcommit_memory)" '
		{ kilobytes[$1] = $2 }
		END { exit !(mode == 1 || (mode == 0 && kilobytes["MemTotal:"] + kilobytes["SwapTotal:"] > 7812500)) }
	' /proc/meminfo
}

# show TITLE REPORT EXPECTED PROGRAM OPTIONS...
show() {
	local title=$1 report=$2 expected=$3 program=$4 status=0
	shift 4
	printf '\n%s\n  memcage run -m 256M %s -- python3 examples/seed/%s\n' "$title" "$*" "$program"
	build/memcage run -m 256M "$@" --expect "$expected" -r "$out/$report" -- \
		"$python" "examples/seed/$program" 2>&1 || status=$?
	[ $status = 0 ] && return
	unexpected=1
	echo "quickstart: that is not the expected verdict, $expected; see build/memcage report $out/$report"
}

mkdir -p "$out"
rm -f "$out"/*.json "$out/build.log"
install_missing
[ -x build/memcage ] || echo "Building memcage (build/)"
loudly_if_it_fails cmake -B build
loudly_if_it_fails cmake --build build --parallel "$(nproc)"

if ! why=$(build/memcage run -q -m 256M -- true 2>&1); then
	degraded=1
	printf 'Here no cgroup can be had:\n%s\n\nmemcage doctor says:\n' "$why"
	build/memcage doctor || true
	printf '\nDEGRADED demonstration: limits on each process (--backend rlimit), no cage.\n'
fi

echo
echo "A Python program asks for a list of a billion zeros, 7.5 GiB, with 256 MiB allowed."
if [ -n "$degraded" ]; then
	show "1. Refused, and the program catches MemoryError:" caught.json \
		ok/recovered_alloc_failure huge_list_caught.py --backend rlimit --at-limit fail
	show "2. Refused, and the program does not catch it:" uncaught.json \
		alloc_failure/refused huge_list.py --backend rlimit --at-limit fail
	show "3. Kernel kills need a cgroup. Without one the limit only refuses:" refused.json \
		alloc_failure/refused huge_list.py --backend rlimit --at-limit kill
else
	show "1. Refused, and the program catches MemoryError:" caught.json \
		ok/recovered_alloc_failure huge_list_caught.py --at-limit fail
	show "2. Refused, and the program does not catch it:" uncaught.json \
		alloc_failure/refused huge_list.py --at-limit fail
	if host_promises_list; then
		show "3. Killed by the kernel; there is no exception to catch:" killed.json \
			oom_kill/own_limit huge_list.py --at-limit kill
	else
		show "3. Killed by the kernel, but this host is too small to promise 8 GB and refuses:" \
			refused.json alloc_failure/refused huge_list.py --at-limit kill
	fi
fi

cat <<END

The evidence is in $out/*.json; in words: build/memcage report $out/uncaught.json
Your own program:  build/memcage run -m 256M -- COMMAND
END
exit $unexpected
