#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh - what one run costs, beside its peers. As root on Debian or Ubuntu it installs the peers that
# the distribution has; everything is measured with what is then on PATH.
#
#     tests/bench/run.sh [PROGRAM] [DIRECTORY FOR THE JSON]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${1:-$root/build/memcage} results=${2:-$root/build}
peers=(bubblewrap firejail crun runc cgroup-tools nsjail isolate minijail)

install_peers() {
	local peer
	for peer in "${peers[@]}"; do
		if ! dpkg -s "$peer" > /dev/null 2>&1; then
			apt-get install -y -q --no-install-recommends "$peer" > /dev/null 2>&1 ||
				echo "left out: $peer: this release has no such package, or it cannot be had"
		fi
	done
}

one_run() {
	local name=$1
	shift
	echo "== $name"
	/usr/bin/python3 "$root/tests/bench/one_run.py" --program "$program" \
		--json "$results/one_run.$name.json" "$@"
}

if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
	install_peers
fi
one_run back-to-back --runs 300
one_run with-pauses --runs 100 --pause 100
one_run tail --tail 5000
one_run supervisor --supervisor
one_run work --work 40
