#!/bin/bash
# SPDX-License-Identifier: MIT
#
# guest.sh BUILD RESULTS - inside the virtual machine of tests/vm/uml.sh: all attacks as root, with
# those that may harm the machine, and as an ordinary user with a group of his own. Writes
# RESULTS/root.json and RESULTS/user.json.
set -u
build=$1 results=$2 groups=/sys/fs/cgroup program=/run/build

# the host's files are read-only here, and /tmp is to be written
mkdir -p "$program/policies"
cp "$build"/memcage "$build"/memcage-attacks "$build"/libmemcage-witness.so "$program/"
cp "$build"/policies/*.yaml "$program/policies/"
chmod 755 "$program" /run
mount -t tmpfs tmpfs /tmp
chmod 1777 /tmp /dev/shm
cd /
echo '+memory +pids' >$groups/cgroup.subtree_control

# Touching memory is slow here, and its kinds are tried outside: so one of them is enough.
# Cages are made below a group without processes, and we are in none of theirs
mkdir "$groups/root"
"$program/memcage" selftest --json --spoil --only '!(memory_[b-z]*)' --parent "$groups/root" >"$results/root.json"

# the user's group has room for himself, too: his processes start in it
mkdir -p $groups/user
echo '+memory +pids' >$groups/user/cgroup.subtree_control
mkdir $groups/user/self $groups/user/cages
chown -R 1000:1000 $groups/user
echo $$ >$groups/user/self/cgroup.procs
setpriv --reuid 1000 --regid 1000 --clear-groups "$program/memcage" selftest --json --only '@(group|survives|supervisor|reads|connect|unshare|forged|oom|gains|inherited|starts)_*' --parent $groups/user/cages \
	>"$results/user.json"
