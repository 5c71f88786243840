#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# The first process of the guest that qemu.sh boots: runs the cases and writes one line for each to
# the second serial line: case NAME WANTED_STATUS WANTED_VERDICT STATUS REPORT-IN-ONE-LINE, and
# after it what memcage said last: said NAME TEXT.
# shellcheck shell=dash

export PATH=/bin:/workloads HOME=/tmp
/bin/busybox --install -s /bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm
mount -t tracefs tracefs /sys/kernel/tracing
mount -t tmpfs tmpfs /tmp && chmod 1777 /tmp
ln -sf /proc/self/fd /dev/fd
echo 'root:x:0:0:root:/:/bin/sh
tester:x:1000:1000:tester:/tmp:/bin/sh' >/etc/passwd
echo 'root:x:0:
tester:x:1000:' >/etc/group
echo 1 >/proc/sys/vm/overcommit_memory # a large request is granted, and then touched
stty -opost </dev/ttyS1 2>/dev/null
exec 3>/dev/ttyS1

# result NAME WANTED_STATUS WANTED_VERDICT STATUS
result() {
	report=none
	[ ! -f /tmp/report.json ] || report=$(tr -d '\n' </tmp/report.json)
	echo "case $1 $2 $3 $4 $report" >&3
	echo "said $1 $(tail -n 1 /tmp/out)" >&3
	rm -f /tmp/report.json
}

# expect NAME STATUS VERDICT/REASON|none OPTIONS... -- COMMAND...
expect() {
	name=$1 status=$2 verdict=$3
	shift 3
	memcage run -r /tmp/report.json "$@" >/tmp/out 2>&1
	result "$name" "$status" "$verdict" $?
}

expect success 0 ok/clean -m 64M -- exit_with 0
expect own_limit 137 oom_kill/own_limit -m 16M -- touch_pages 64M
expect grandchild 0 oom_kill/own_limit -m 16M -- grandchild_hog 64M
expect refused 1 alloc_failure/refused -m 64M --at-limit fail -- malloc_once 256M
expect throttled 124 timeout/throttled -m 64M --memory-high 4M -t 4s -- touch_pages 48M
expect host_out_of_memory 137 oom_kill/host -m 2G -- touch_pages 1G
expect host_out_of_memory_no_limit 137 oom_kill/host -- touch_pages 1G

# the witness in the kernel, on a real v2 with this kernel's types; no log is read
bpf() {
	name=$1 status=$2 verdict=$3
	shift 3
	if [ -f /bin/libmemcage-bpf.so ]; then
		expect "bpf_$name" "$status" "$verdict" --witness bpf "$@"
	else
		echo "absent bpf_$name memcage was built without the bpf witness" >&3
	fi
}
bpf static 1 alloc_failure/refused -m 64M --at-limit fail -- malloc_until_null_static 1M
bpf own_rlimit 1 alloc_failure/refused -m 64M -- sh -c 'ulimit -d 32768; exec malloc_until_null_static 1M'
bpf vfork 1 alloc_failure/refused -m 64M --at-limit fail -- vfork_exec /workloads/malloc_until_null_static 1M
bpf threads 0 ok/recovered_alloc_failure -m 64M --at-limit fail -- thread_mappings 8 1G
bpf victim 0 oom_kill/own_limit -m 16M -- grandchild_hog 64M
bpf clean 0 ok/clean -m 64M -- exit_with 0

# pressure stall information is there and memcage runs beside it
if [ -r /proc/pressure/memory ]; then
	expect pressure_information 0 ok/clean -m 64M -- touch_pages 8M
else
	echo "broken pressure_information the guest's kernel has none" >&3
fi

# probes in runtimes: one that fails, in a child whose environment has no library; one that does not
expect runtime_fails 12 alloc_failure/refused -m 64M --at-limit fail --witness runtime -- \
	sh -c 'env -i /bin/perl -e "print length(q(x) x 8_000_000_000)"; exit $?'
expect runtime_hello 0 ok/clean -m 64M --witness runtime -- perl -e 'print 1'

# a caller that the OOM killer must not touch; its workload has no such privilege
(
	echo -1000 >/proc/self/oom_score_adj
	expect protected_caller 137 oom_kill/own_limit -m 16M -- touch_pages 64M
)

# a plain user: with a delegated group, twice, and without; memcage is alone in its group
echo '+memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
delegated=/sys/fs/cgroup/delegated
mkdir $delegated
for file in "" /cgroup.procs /cgroup.subtree_control /cgroup.threads; do
	chown tester:tester "$delegated$file"
done
as_user() {
	exec su tester -s /bin/sh -c "exec memcage run -r /tmp/report.json $*" >/tmp/out 2>&1
}
(
	echo 0 >$delegated/cgroup.procs
	as_user -m 16M -- touch_pages 64M
)
result user_own_limit 137 oom_kill/own_limit $?
(
	echo 0 >$delegated/cgroup.procs || echo 0 >$delegated/supervisor/cgroup.procs
	as_user -m 64M -- exit_with 3
) 2>/dev/null
result user_exit_3 3 failed/exit $?
(as_user -m 64M -- exit_with 0)
result user_without_group 125 none $?

left=$(find /sys/fs/cgroup /sys/kernel/tracing/instances -name 'memcage-*' | wc -l)
left=$((left + $(wc -l </sys/kernel/tracing/uprobe_events)))
# shellcheck disable=SC2009 # busybox has no pgrep here
echo "left $left groups $(ps | grep -c '[t]ouch_pages') processes" >&3
echo end >&3
exec 3>&-
sync
poweroff -f
