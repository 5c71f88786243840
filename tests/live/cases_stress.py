# SPDX-License-Identifier: MIT
"""Many runs: every verdict right, nothing left. Judged as one case each."""

import json
import os
import subprocess

from harness import Case, expect

# workload, limit, verdict, exit statuses
KINDS = (
    (("exit_with", "0"), "64M", "ok", (0,)),
    (("exit_with", "3"), "64M", "failed", (3,)),
    (("kill_self", "9"), "64M", "killed", (137,)),
    (("touch_pages", "32M"), "8M", "oom_kill", (137,)),
    # now and then the kernel takes the command itself as well, before the first victim's memory is free
    (("grandchild_hog", "32M"), "8M", "oom_kill", (0, 137)),
    (("setsid_survivors", "3"), "64M", "ok", (0,)),
)


def words(harness, run, number):
    argv, limit, _, _ = KINDS[number % len(KINDS)]
    return [harness.program, "run", "-q", "-m", limit, "-r", run.path(f"{number}.json"), "--", *harness.workload(argv)]


def start(harness, run, number, place=None):
    return subprocess.Popen(words(harness, run, number), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, cwd=run.directory, preexec_fn=lambda: run.group.enter(place))


def finish(run, process, number):
    _, error = process.communicate(timeout=120 * run.scale)
    _, _, verdict, statuses = KINDS[number % len(KINDS)]
    what = f"run {number} ({' '.join(process.args[process.args.index('--') + 1:])})"
    expect(process.returncode in statuses,
           f"{what}: exit status {process.returncode}, not of {statuses}: {error[-300:]!r}")
    with open(run.path(f"{number}.json"), encoding="utf-8") as file:
        report = json.load(file)
    expect(report["verdict"] == verdict, f"{what}: {report['verdict']}/{report['reason']}, not {verdict}")
    os.unlink(run.path(f"{number}.json"))


def in_a_row(count, count_slow):
    def drive(harness, run):
        for number in range(count if run.scale == 1 else count_slow):
            process = start(harness, run, number)
            finish(run, process, number)
            expect(not run.group.left_groups(), f"run {number} left groups: {run.group.left_groups()[:3]}")
    return drive


def at_once(count):
    def drive(harness, run):
        # on v2 a memcage needs a group to itself
        places = [run.group.make(f"run-{number}") for number in range(count)]
        running = [start(harness, run, number, places[number]) for number in range(count)]
        for number, process in enumerate(running):
            finish(run, process, number)
    return drive


CASES = [
    # 1000 take six minutes in a virtual machine
    Case("stress/in_a_row", drive=in_a_row(count=1000, count_slow=200), alone=True),
    Case("stress/100_at_once", drive=at_once(100), alone=True),
]
