#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fuzz.sh NAME [RUNS [SECONDS]] - RUNS new inputs (1000000 if not said) made from tests/fuzz/corpus/NAME go
# through tests/fuzz/fuzz_NAME.c, by clang's libFuzzer with sanitizers (MEMCAGE_SANITIZE=OFF in the
# environment: without, some times as fast), for at most SECONDS. What it learns stays in
# build-fuzz/NAME for the next time; a finding is an input beside it, and this fails.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
name=$1 runs=${2-1000000} seconds=${3-0}
sanitize=${MEMCAGE_SANITIZE-ON}
build=$root/build-fuzz
[ "$sanitize" = ON ] || build=$build/plain
CC=clang cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMEMCAGE_FUZZ=ON -DMEMCAGE_SANITIZE="$sanitize" >/dev/null
cmake --build "$build" --target "fuzz_$name" -j "$(nproc)" >/dev/null
learnt=$root/build-fuzz/$name
mkdir -p "$learnt"
dictionary=$root/tests/fuzz/$name.dict
[ -f "$dictionary" ] || dictionary=
"$build/tests/fuzz_$name" -runs="$runs" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
	-artifact_prefix="$root/build-fuzz/$name-" ${dictionary:+-dict="$dictionary"} "$learnt" "$root/tests/fuzz/corpus/$name" 2>&1 |
	grep -vE '^#[0-9]+.*(NEW|REDUCE|RELOAD)|^INFO'
exit "${PIPESTATUS[0]}"
