#!/bin/bash
# SPDX-License-Identifier: MIT
#
# uml.sh [OPTIONS] -- COMMAND [ARG...] - run COMMAND as root under a real cgroup v2: in a
# user-mode Linux that boots on the host's own files in a few seconds, without /dev/kvm.
#
#   --mem SIZE        memory of the guest (1G)
#   --overcommit N    vm.overcommit_memory in the guest (1: every request is granted)
#   --timeout SECONDS everything is ended after that long (600)
#   --share DIR       host directory that the guest may write; else a temporary one. COMMAND finds
#                     it in $MEMCAGE_SHARE
#
# The host's files are visible read-only; /run, /dev/shm and $TMPDIR are the guest's own. COMMAND's
# output goes to standard output, its exit status is ours; 125 when the guest did not come through.
set -u

memory=1G overcommit=1 timeout=600 share=
die() { echo "uml.sh: $*" >&2; exit 125; }

while [ $# -gt 0 ]; do
	case $1 in
	--mem) memory=$2; shift 2 ;;
	--overcommit) overcommit=$2; shift 2 ;;
	--timeout) timeout=$2; shift 2 ;;
	--share) share=$2; shift 2 ;;
	--) shift; break ;;
	*) die "unknown option $1" ;;
	esac
done
[ $# -gt 0 ] || die "no command"
[ "$(id -u)" = 0 ] || die "needs root: the guest's root is the host's user"
command -v linux.uml >/dev/null || die "linux.uml is missing (apt install user-mode-linux)"

work=$(mktemp -d) || exit 125
[ -n "$share" ] || { share=$work/share; mkdir "$share"; }
share=$(realpath "$share") || exit 125

# The guest's first process. It writes the status last: without it the guest did not come through.
{
	echo '#!/bin/bash'
	printf 'share=%q overcommit=%q directory=%q\n' "$share" "$overcommit" "$PWD"
	printf 'command=('
	printf ' %q' "$@"
	echo ')'
	cat <<'GUEST'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
[ -d /dev/shm ] || mkdir /dev/shm
mount -t tmpfs tmpfs /dev/shm
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
mkdir /run/share /run/tmp
mount -t hostfs -o "$share" none /run/share
export HOME=/run/tmp TMPDIR=/run/tmp MEMCAGE_SHARE=/run/share
echo "$overcommit" >/proc/sys/vm/overcommit_memory
stty -opost 2>/dev/null
cd "$directory" || cd /
"${command[@]}" </dev/null
echo $? >/run/share/.status
sync
exec busybox poweroff -f
GUEST
} >"$work/init"
chmod +x "$work/init"
rm -f "$share/.status"

# The kernel and its host processes get a session of their own, which ends with us.
guest=
stop() {
	[ -z "$guest" ] || { kill -KILL -- "-$guest"; wait "$guest"; } 2>/dev/null
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 125' INT TERM HUP

mkdir "$work/uml"
setsid linux.uml mem="$memory" uml_dir="$work/uml" umid=guest \
	rootfstype=hostfs rootflags=/ ro init="$work/init" \
	con=null con0=null,fd:1 ssl=null quiet loglevel=0 \
	</dev/null 2>"$work/errors" &
guest=$!
timeout "$timeout" tail -s 0.1 -f --pid="$guest" /dev/null &
wait $!

if [ ! -s "$share/.status" ]; then
	tail -n 5 "$work/errors" >&2
	die "the guest ended before its command did (or after $timeout s)"
fi
status=$(cat "$share/.status")
rm -f "$share/.status"
exit "$status"
