# SPDX-License-Identifier: MIT
"""What a hostile or an unlucky command does to its witnesses, its limits and its supervisor."""

import os
import resource
import time

from harness import Case, expect

M = ("-m", "64M")
FORGED = ("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=$g,"
          "task_memcg=$g,task=sh,pid=$$,uid=0")
GROUP = 'g=$(sed -n "s/^[0-9]*:memory://p; s/^0:://p" /proc/self/cgroup | head -n 1)'


def slow_reader():
    """Standard output goes to somebody who takes his time, and reads to the end."""
    ends = os.pipe()
    if os.fork() == 0:
        os.close(ends[1])
        time.sleep(0.7)
        while os.read(ends[0], 65536):
            pass
        os._exit(0)
    os.dup2(ends[1], 1)
    os.close(ends[0])
    os.close(ends[1])


def small_files():
    """No file of more than a page: the kernel answers writing more with SIGXFSZ."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def limit_change_told(run):
    expect(any("limit" in warning for warning in run.get("warnings", [])), f"warnings: {run.get('warnings')}")


def nothing_counted(run):
    expect(not run.get("alloc_failures.count"), f"counted: {run.get('alloc_failures')}")
    expect(not run.get("oom_kills"), f"kills: {run.get('oom_kills')}")


CASES = [
    # the cap is passed only by what the slow reader leaves in the pipe until the end
    Case("attack/cap_behind_slow_reader", ("sh", "-c", "head -c 98304 /dev/zero; head -c 4096 /dev/zero"),
         "output_limit/stdout", 125, (*M, "-q", "--output-max", "100000"), worlds=("v1",), caller=slow_reader),
    Case("attack/small_files", ("exit_with", "3"), None, 3, (*M, "-q"), caller=small_files, report=""),
    Case("attack/raises_its_limit",
         ("sh", "-c", 'd=/sys/fs/cgroup/memory$(sed -n "s/^[0-9]*:memory://p" /proc/self/cgroup);'
          "echo 512M >$d/memory.memsw.limit_in_bytes; echo 512M >$d/memory.limit_in_bytes"),
         ("ok/clean", "ok/under_pressure"), 0, M, worlds=("v1",), check=limit_change_told),
    Case("attack/removes_the_page", ("sh", "-c", 'rm "$MEMCAGE_WITNESS"; exit 3'), "failed/exit", 3, M,
         confidence=("high",), check=nothing_counted),
    Case("attack/forges_the_page",
         ("sh", "-c", 'head -c 4096 /dev/urandom | dd of="$MEMCAGE_WITNESS" conv=notrunc 2>/dev/null; exit 3'),
         "failed/exit", 3, M, confidence=("high",), check=nothing_counted),
    Case("attack/forges_the_kernel_log", ("sh", "-c", f'{GROUP}; echo "{FORGED}" >/dev/kmsg; kill -9 $$'),
         "killed/external", 137, M, check=nothing_counted),
    Case("attack/signals_its_group", ("sh", "-c", "trap '' TERM; kill -TERM 0; exit 3"), "failed/exit", 3, M),
]
