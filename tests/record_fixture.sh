#!/bin/bash
# SPDX-License-Identifier: MIT
#
# record_fixture.sh v1|v2 [CASE...] - record what the kernel's files of a cage say before and after
# a run, into tests/fixtures/groups/v1-CASE.txt or v2-CASE.txt.
#
# v1 is recorded on this host, as root, below the group that we are in; v2 in a user-mode Linux.
# A fixture is one text: "== before/outer/leaf/memory.events", then the file as it was. The tests
# unpack it into a directory. Groups: the root, outer below our own, leaf (the cage), leaf/inner.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
version=${1:?which version: v1 or v2}
shift
case $version in
v1) cases=(own-limit ancestor-limit inner-limit clean page-cache) ;;
v2) cases=(own-limit ancestor-limit inner-limit host clean page-cache) ;;
*) echo "record_fixture.sh: v1 or v2, not $version" >&2; exit 125 ;;
esac
[ $# -eq 0 ] || cases=("$@")
destination=${MEMCAGE_SHARE:-$here/fixtures/groups}
# In the guest what is shared with the host is the one place on a disk; tmpfs is no page cache.
scratch=$(mktemp -d ${MEMCAGE_SHARE:+-p "$MEMCAGE_SHARE"})

# On a host whose memory controller is on v1 the other half needs a kernel of its own.
if [ "$version" = v2 ] && [ -z "${MEMCAGE_SHARE:-}" ]; then
	trap 'rm -rf "$scratch"' EXIT
	"$here/vm/uml.sh" --mem 512M --share "$scratch" -- "$here/record_fixture.sh" v2 "${cases[@]}"
	cp "$scratch"/v2-*.txt "$destination"
	exit
fi

if [ "$version" = v1 ]; then
	root=/sys/fs/cgroup/memory
	own=$root$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
	side=("/sys/fs/cgroup/unified$(sed -n 's/^0:://p' /proc/self/cgroup)" "/sys/fs/cgroup/pids$(sed -n 's/^[0-9]*:pids://p' /proc/self/cgroup)")
else
	root=/sys/fs/cgroup own=$root side=()
	echo '+memory +pids' >$root/cgroup.subtree_control
fi
outer=${own%/}/memcage-fixture-$$ leaf=${own%/}/memcage-fixture-$$/leaf
groups=("$outer" "$leaf")
[ "$version" = v2 ] || groups+=("${side[0]%/}/memcage-fixture-$$" "${side[1]%/}/memcage-fixture-$$")

# shellcheck disable=SC2317 # called by the trap
remove() {
	rmdir "$leaf/inner" "$leaf" "$outer" "${groups[@]}" 2>/dev/null || true
	rm -rf "$scratch"
}
trap remove EXIT

# The files that tell something, and memory.stat of the cage alone.
files=(cgroup.controllers cgroup.events cgroup.subtree_control cgroup.type cpu.stat
	memory.current memory.events memory.events.local memory.high memory.max memory.oom.group
	memory.peak memory.swap.max memory.swap.peak pids.events pids.max pids.peak
	memory.failcnt memory.kmem.usage_in_bytes memory.limit_in_bytes memory.max_usage_in_bytes
	memory.memsw.limit_in_bytes memory.memsw.max_usage_in_bytes memory.oom_control
	memory.usage_in_bytes)

show_group() { # SECTION DIRECTORY FILE...
	local section=$1 directory=$2 file
	shift 2
	for file; do
		[ -r "$directory/$file" ] || continue
		echo "== $section/$file"
		cat "$directory/$file"
	done
}

snapshot() { # before|after
	show_group "$1" "$root" "${files[@]}"
	show_group "$1/outer" "$outer" "${files[@]}"
	show_group "$1/outer/leaf" "$leaf" "${files[@]}" memory.stat
	[ ! -d "$leaf/inner" ] || show_group "$1/outer/leaf/inner" "$leaf/inner" "${files[@]}"
	[ "$version" = v2 ] || show_group "$1/twin" "${groups[2]}" cgroup.events cpu.stat
	[ "$version" = v2 ] || show_group "$1/pids" "${groups[3]}" pids.events pids.max pids.peak
}

limit() { # GROUP BYTES
	if [ "$version" = v2 ]; then
		echo "$2" >"$1/memory.max"
		[ ! -e "$1/memory.swap.max" ] || echo 0 >"$1/memory.swap.max"
	else
		echo "$2" >"$1/memory.limit_in_bytes"
		echo $(($2 + 4194304)) >"$1/memory.memsw.limit_in_bytes"
	fi
}

in_cage() { # GROUP COMMAND...
	local group=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	sh -c 'for group in $1; do echo 0 >"$group/cgroup.procs"; done; shift; exec "$@"' sh \
		"$group ${groups[2]:-} ${groups[3]:-}" "$@" || true
}

# One process that touches so many MiB at once.
hog() { # GROUP MIB
	in_cage "$1" dd if=/dev/zero of=/dev/null bs="${2}M" count=1 status=none
}

record() { # CASE
	local inner=
	mkdir "${groups[@]}"
	[ "$version" = v1 ] || echo '+memory +pids' >"$outer/cgroup.subtree_control"
	if [ "$1" = inner-limit ]; then
		inner=$leaf/inner
		[ "$version" = v1 ] || echo '+memory' >"$leaf/cgroup.subtree_control"
		mkdir "$inner"
		limit "$inner" $((16 << 20))
	fi
	case $1 in
	ancestor-limit) limit "$outer" $((32 << 20)); limit "$leaf" $((64 << 20)) ;;
	host) ;;
	inner-limit) limit "$leaf" $((64 << 20)) ;;
	*) limit "$leaf" $((32 << 20)) ;;
	esac
	snapshot before
	case $1 in
	own-limit | ancestor-limit) hog "$leaf" 96 ;;
	inner-limit) hog "$inner" 32 ;;
	host) hog "$leaf" 600 ;;
	clean) hog "$leaf" 8 ;;
	page-cache) in_cage "$leaf" dd if=/dev/zero of="$scratch/file" bs=1M count=96 status=none ;;
	*) echo "record_fixture.sh: no case $1" >&2; return 125 ;;
	esac
	snapshot after
	[ -z "$inner" ] || rmdir "$inner"
	rmdir "$leaf" "$outer"
	[ "$version" = v2 ] || rmdir "${groups[@]:2}"
}

for case in "${cases[@]}"; do
	{
		echo "# Linux $(uname -r | sed 's/[^0-9.].*//'), cgroup $version: $case."
		record "$case"
	} >"$destination/$version-$case.txt"
	echo "$version-$case"
done
