#!/bin/sh
# SPDX-License-Identifier: MIT
#
# record_explain_inside.sh WORLD WORKLOADS OUT [CASE...] - let the kernel that runs here kill for
# memory, and store what its log says and what the counters of the same run say, as OUT/CASE.log.
# Called by record_explain.sh, on the host or in a guest; busybox sh is enough.
#
# WORLD is v1 or v2. Cases that take the machine's own memory, or sysrq, run in guests alone
# (MEMCAGE_GUEST=1). The path of the group that we are in, the hardware's name and, on a host,
# the suffix of the kernel's version are replaced; nothing else is. On a
# host, where others are killed too, a log ends with its first kill.
set -u

world=$1 workloads=$2 out=$3
shift 3
only=$*
PATH=$workloads:$PATH
dmesg=${DMESG:-dmesg} # busybox has one of its own
guest=${MEMCAGE_GUEST:-}
release=$(uname -r)
version=$release
[ -n "$guest" ] || version=$(echo "$release" | sed 's/[^0-9.].*//')
label=${MEMCAGE_LABEL:-$world}-$(echo "$release" | cut -d . -f 1,2)

if [ "$world" = v1 ]; then
	top=/sys/fs/cgroup/memory
	own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
	limit_file=memory.limit_in_bytes
else
	top=/sys/fs/cgroup
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	limit_file=memory.max
	echo '+memory' >$top/cgroup.subtree_control
fi
own=${own%/}
outer_dir=$top$own/explain

kernel_text() {
	sed -e "s,$own/explain,/system.slice/runner.service,g" -e "s,$release,$version,g" \
		-e '/Hardware name:/d'
}

wanted() { # CASE
	[ -z "$only" ] || case " $only " in *" $1 "*) ;; *) return 1 ;; esac
}

last_seconds() {
	$dmesg | sed -n 's/^\[ *\([0-9.]*\)\].*/\1/p' | tail -n 1
}

oom_kills() { # DIRECTORY
	if [ "$world" = v1 ]; then
		sed -n 's/^oom_kill //p' "$1/memory.oom_control"
	else
		sed -n 's/^oom_kill //p' "$1/memory.events"
	fi
}

limit() { # DIRECTORY BYTES
	echo "$2" >"$1/$limit_file"
	[ "$world" = v1 ] || [ ! -e "$1/memory.swap.max" ] || echo 0 >"$1/memory.swap.max"
}

in_group() { # DIRECTORY COMMAND...
	directory=$1
	shift
	sh -c 'echo 0 >"$1/cgroup.procs"; shift; exec "$@"' sh "$directory" "$@" >/dev/null 2>&1
}

# write NAME DMESG-OPTIONS WHAT - everything since $since, in that form
write() {
	$dmesg >"$out/.plain"
	line=$(awk -v since="$since" '{ at = $0; sub(/^\[ */, "", at); sub(/\].*/, "", at)
		if (at ~ /^[0-9.]+$/ && at + 0 > since + 0) { print NR; exit } }' "$out/.plain")
	[ -n "$line" ] || { echo "broken $1: the kernel said nothing"; return; }
	{
		echo "# recorded: Linux $version, cgroup $world, $2: $3."
		echo "# counters:$counters"
		if [ "$2" = /dev/kmsg ]; then
			"${DD:-dd}" if=/dev/kmsg iflag=nonblock bs=16k 2>/dev/null |
				awk -F'[,;]' -v since="$since" '/^[0-9]/ { keep = $3 > since * 1000000 + 1 } keep && /^[0-9]/'
		else
			$dmesg ${2#dmesg} | tail -n "+$line"
		fi | if [ -n "$guest" ]; then cat; else sed '/ Killed process /q'; fi
	} | kernel_text >"$out/$1.log"
	rm -f "$out/.plain"
	echo "recorded $1"
}

# One kill. case NAME FORMAT LIMIT WHERE WHAT COMMAND...; WHERE: own (the group of the limit), below
# it, or host (no limit at all)
kill_one() {
	wanted "$1" || return
	name=$label-$1 form=$2 bytes=$3 where=$4 what=$5
	shift 5
	leaf=$outer_dir/leaf
	mkdir "$outer_dir" "$leaf"
	[ "$world" = v1 ] || echo '+memory' >"$outer_dir/cgroup.subtree_control"
	[ "$world" = v1 ] || { mkdir "$leaf/task"; rmdir "$leaf/task"; }
	limited=$leaf
	[ "$where" = below ] && limited=$outer_dir
	[ "$where" = host ] || limit "$limited" "$bytes"
	[ "$where" = group ] && echo 1 >"$leaf/memory.oom.group"
	before=$(oom_kills "$leaf") since=$(last_seconds)
	in_group "$leaf" "$@"
	status=$?
	sleep 1
	kills=$(($(oom_kills "$leaf") - before))
	counters=" oom_kill=$kills status=$status"
	[ "$where" = host ] || counters="$counters limit_bytes=$(cat "$limited/$limit_file")"
	[ "$where" = host ] || counters="$counters oom_memcg=${limited#"$top"}"
	counters="$counters task_memcg=${leaf#"$top"}"
	[ ! -e "$limited/memory.max_usage_in_bytes" ] ||
		counters="$counters peak_bytes=$(cat "$limited/memory.max_usage_in_bytes")"
	write "$name" "$form" "$what"
	rmdir "$leaf" "$outer_dir"
}

mib=1048576
kill_one own-limit dmesg $((16 * mib)) own "one process beyond the limit of its group" touch_pages 64M
kill_one ancestor-limit "dmesg -x" $((24 * mib)) below "the limit is of the group above" touch_pages 64M
kill_one shared-memory "dmesg -T" $((24 * mib)) own "shared memory fills the group" shm_hog 64M
kill_one child /dev/kmsg $((32 * mib)) own "a grandchild is killed, its parents are not" grandchild_hog 128M
kill_one raw "dmesg -r" $((16 * mib)) own "one process beyond the limit of its group" touch_pages 64M
kill_one iso "dmesg --time-format iso" $((16 * mib)) own "one process beyond the limit of its group" touch_pages 64M
if [ "$world" = v2 ]; then
	kill_one group dmesg $((32 * mib)) group "memory.oom.group is set" grandchild_hog 128M
fi
[ -n "$guest" ] || exit 0

kill_one host dmesg 0 host "the machine's memory is full" touch_pages 4G
kill_one host-raw /dev/kmsg 0 host "the machine's memory is full" touch_pages 4G

# sysrq f needs a process that is worth killing
sysrq() {
	sleep 2
	echo f >/proc/sysrq-trigger
}
if [ -e /proc/sysrq-trigger ] && wanted sysrq; then
	sysrq &
	kill_one sysrq dmesg 0 host "sysrq f" touch_pages 64M 20000
	wait
fi

# A machine of two memory nodes: bound to the second one, by a cpuset and by a memory policy.
if [ -e /sys/devices/system/node/node1 ]; then
	if [ "$world" = v2 ]; then
		echo '+cpuset' >$top/cgroup.subtree_control
		mkdir $top/bound && echo 1 >$top/bound/cpuset.mems
		bound=$top/bound/cgroup.procs
	else
		mkdir -p /tmp/cpuset && mount -t cgroup -o cpuset cpuset /tmp/cpuset && mkdir /tmp/cpuset/bound
		echo 1 >/tmp/cpuset/bound/cpuset.mems
		cat /tmp/cpuset/cpuset.cpus >/tmp/cpuset/bound/cpuset.cpus
		bound=/tmp/cpuset/bound/cgroup.procs
	fi
	if wanted cpuset; then
		since=$(last_seconds)
		sh -c 'echo 0 >"$1"; shift; exec "$@"' sh "$bound" touch_pages 4G >/dev/null 2>&1
		counters=" oom_kill=1 status=$?"
		sleep 1
		write "$label-cpuset" dmesg "the nodes of a cpuset are full"
	fi
	if wanted mempolicy && command -v bind_node >/dev/null; then
		since=$(last_seconds)
		bind_node touch_pages 4G >/dev/null 2>&1
		counters=" oom_kill=1 status=$?"
		sleep 1
		write "$label-mempolicy" dmesg "the node of a memory policy is full"
	fi
fi
exit 0
