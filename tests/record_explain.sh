#!/bin/bash
# SPDX-License-Identifier: MIT
#
# record_explain.sh WORLD BUILD [CASE...] - record kernel logs of OOM kills, with the counters of the
# same run, into tests/fixtures/explain.
#
#   v1            on this host (root), where its memory controller is on cgroup v1
#   uml           in user-mode Linux, cgroup v2
#   qemu-v1 | qemu-v2   in an emulated machine with two memory nodes; $KERNEL is its vmlinuz
#
# BUILD has the workloads. Look at what comes out before you commit it: a log may hold other kills of
# the same machine.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
world=${1:?which world: v1, uml, qemu-v1 or qemu-v2} build=$(realpath "${2:?which build directory}")
shift 2
destination=$here/fixtures/explain
mkdir -p "$destination"
scratch=$(mktemp -d)
machine=
# shellcheck disable=SC2317 # called by the trap
stop() {
	[ -z "$machine" ] || { kill -KILL "$machine"; wait "$machine"; } 2>/dev/null
	rm -rf "$scratch"
}
trap stop EXIT

case $world in
v1)
	"$here/record_explain_inside.sh" v1 "$build/tests/workloads" "$scratch" "$@"
	;;
uml)
	"$here/vm/uml.sh" --mem 256M --share "$scratch" -- env MEMCAGE_GUEST=1 MEMCAGE_LABEL=uml \
		"$here/record_explain_inside.sh" v2 "$build/tests/workloads" /run/share "$@"
	;;
qemu-*)
	root=$scratch/root
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,usr/bin,workloads}
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$(command -v dmesg)" "$(command -v dd)" "$root/usr/bin/"
	cp "$build"/tests/workloads/{touch_pages,shm_hog,grandchild_hog} "$root/workloads/"
	cp "$here/record_explain_inside.sh" "$root/bin/"
	# puts itself under MPOL_BIND to node 1, then becomes its arguments
	gcc -static -O1 -x c -o "$root/workloads/bind_node" - <<'PROGRAM'
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	unsigned long nodes = 2;
	if (argc < 2 || syscall(SYS_set_mempolicy, 2, &nodes, 64) != 0)
		return 125;
	execvp(argv[1], argv + 1);
	return 127;
}
PROGRAM
	cat >"$root/init" <<INIT
#!/bin/busybox sh
export PATH=/usr/bin:/bin:/workloads MEMCAGE_GUEST=1 DMESG=/usr/bin/dmesg DD=/usr/bin/dd HOME=/tmp
/bin/busybox --install -s /bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
echo 1 >/proc/sys/vm/overcommit_memory
echo 1 >/proc/sys/kernel/sysrq
if [ ${world#qemu-} = v1 ]; then
	mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir /sys/fs/cgroup/memory
	mount -t cgroup -o memory memory /sys/fs/cgroup/memory
else
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
stty -opost </dev/ttyS1
mkdir /tmp/out
/bin/record_explain_inside.sh ${world#qemu-} /workloads /tmp/out $* >/tmp/said 2>&1
cat /tmp/said >/dev/ttyS0
tar -C /tmp/out -c . >/dev/ttyS1
sync
poweroff -f
INIT
	chmod +x "$root/init"
	for program in "$root"/usr/bin/* "$root"/workloads/*; do
		{ ldd "$program" 2>/dev/null || true; } | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'
	done | sort -u | while read -r library; do
		mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"
	done
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$scratch/initramfs"
	timeout --signal=KILL 600 qemu-system-x86_64 -accel tcg -cpu max -m 384 -smp 2 \
		-object memory-backend-ram,id=first,size=256M -object memory-backend-ram,id=second,size=128M \
		-numa node,memdev=first,cpus=0-1 -numa node,memdev=second \
		-display none -monitor none -no-reboot -nodefaults \
		-kernel "${KERNEL:?set KERNEL to a vmlinuz}" -initrd "$scratch/initramfs" \
		-append 'console=ttyS0 panic=-1 quiet loglevel=1' \
		-serial "file:$scratch/console" -serial "file:$scratch/logs.tar" </dev/null &
	machine=$!
	wait "$machine" || true
	machine=
	cat "$scratch/console"
	tar -C "$scratch" -xf "$scratch/logs.tar"
	;;
*) echo "record_explain.sh: v1, uml, qemu-v1 or qemu-v2, not $world" >&2; exit 125 ;;
esac
cp "$scratch"/*.log "$destination/"
ls "$scratch"/*.log | sed 's,.*/,,'
