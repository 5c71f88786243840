#!/bin/bash
# SPDX-License-Identifier: MIT
#
# qemu.sh --build DIR [--reports DIR] [--strict] - the cases that need a machine of their own: the
# host's memory running out, pressure stall information, two processors, a plain user with a
# delegated group. Boots Debian's cloud kernel by emulation (never /dev/kvm) on an initramfs with
# nothing but busybox, memcage, its libraries and the workloads; qemu_guest.sh runs there,
# qemu_check.py judges what came out. Ends with `N passed, N failed, N skipped`.
#
# The kernel is kept in $MEMCAGE_CACHE, else ~/.cache/memcage, else the build directory.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build="" reports="" strict=""
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2; shift 2 ;;
	--reports) reports=$2; shift 2 ;;
	--strict) strict=1; shift ;;
	*) echo "qemu.sh: unknown option $1" >&2; exit 125 ;;
	esac
done
[ -x "$build/memcage" ] || { echo "qemu.sh: $build/memcage: not built" >&2; exit 125; }

skip() {
	if [ -n "$strict" ]; then
		echo "not ok qemu: $*"
		echo "0 passed, 1 failed, 0 skipped"
		exit 1
	fi
	echo "skip qemu: $*"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "the guest is x86-64, this machine is $(uname -m)"
for tool in qemu-system-x86_64 busybox ldd dpkg-deb perl; do
	command -v "$tool" >/dev/null || skip "$tool is missing"
done

if [ -n "${MEMCAGE_CACHE-}" ]; then cache=$MEMCAGE_CACHE
elif [ -n "${HOME-}" ]; then cache=${XDG_CACHE_HOME:-$HOME/.cache}/memcage
else cache=$build/cache
fi

# Prints the path of a kernel image, fetched once.
find_kernel() {
	local package partial
	set -- "$cache"/kernel/boot/vmlinuz-*-cloud-amd64
	[ -e "$1" ] || {
		package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
			awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }')
		[ -n "$package" ] || return 1
		mkdir -p "$cache" && partial=$(mktemp -d "$cache/partial.XXXXXX") || return 1
		(cd "$partial" && apt-get -q -o APT::Sandbox::User=root download "$package") >&2 &&
			dpkg-deb --fsys-tarfile "$partial"/*.deb | tar -x -C "$partial" --wildcards './boot/vmlinuz-*' &&
			rm -f "$partial"/*.deb && rm -rf "$cache/kernel" && mv "$partial" "$cache/kernel"
		rm -rf "$partial"
		set -- "$cache"/kernel/boot/vmlinuz-*-cloud-amd64
		[ -e "$1" ] || return 1
	}
	echo "$1"
}
kernel=$(find_kernel) || skip "the package linux-image-cloud-amd64 cannot be had"

work=$(mktemp -d) || exit 125
machine=
stop() {
	[ -z "$machine" ] || { kill -KILL "$machine"; wait "$machine"; } 2>/dev/null
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 125' INT TERM HUP

# The initramfs. Libraries go where the loader and the programs look for them.
root=$work/root
mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,run,workloads}
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$here/qemu_guest.sh" "$root/init"
cp "$build/memcage" "$root/bin/"
cp "$build"/tests/workloads/* "$root/workloads/"
cp "$(readlink -f "$(command -v perl)")" "$root/bin/perl"
find "$build" -maxdepth 1 -name 'libmemcage-*.so' -exec cp {} "$root/bin/" \;
chmod +x "$root/init"
for program in "$root"/bin/memcage "$root"/bin/perl "$root"/bin/*.so "$root"/workloads/*; do
	ldd "$program" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'
done | sort -u | while read -r library; do
	mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"
done
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initramfs" || exit 125

# Two serial lines: one for the kernel's messages, one for results alone.
timeout --signal=KILL 600 qemu-system-x86_64 -accel tcg -cpu max -m 512 -smp 2 \
	-display none -monitor none -no-reboot -nodefaults \
	-kernel "$kernel" -initrd "$work/initramfs" \
	-append 'console=ttyS0 panic=-1 quiet loglevel=1' \
	-serial "file:$work/console" -serial "file:$work/results" </dev/null &
machine=$!
wait "$machine"
machine=

/usr/bin/python3 "$here/qemu_check.py" "$work/results" "$here/../../include/memcage/report.schema.json" ${reports:+"$reports"}
status=$?
[ "$status" = 0 ] || { echo "the guest's console ended with:"; tail -n 15 "$work/console"; } >&2
exit "$status"
