# SPDX-License-Identifier: MIT
"""Whoever of memcage's processes is killed, and whenever: nothing behind the walls survives a second.

MEMCAGE_TEST_MOMENTS says how many moments are tried of each (30)."""

import os
import random
import signal
import subprocess
import time

from harness import expect
from cases_isolation import case

MOMENTS = int(os.environ.get("MEMCAGE_TEST_MOMENTS", "30"))


def descendants(pid):
    """Pids of all processes below pid."""
    found, todo = [], [pid]
    while todo:
        try:
            with open(f"/proc/{(now := todo.pop())}/task/{now}/children", encoding="ascii") as file:
                below = [int(word) for word in file.read().split()]
        except OSError:
            continue
        found += below
        todo += below
    return found


def named_below(pid, name):
    for each in descendants(pid):
        try:
            with open(f"/proc/{each}/comm", encoding="ascii") as file:
                if file.read().strip() == name:
                    yield each
        except OSError:
            pass


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


SURVIVORS = ('setsid sleep 60 & (setsid sh -c "trap \'\' HUP TERM; sleep 60" &) ; '
             'setsid sleep 60 & sleep 60')


def kills(names):
    """memcage is started MOMENTS times, and each time after another while those that are named are killed."""
    def drive(harness, run):
        case = run.case
        for moment in range(MOMENTS):
            random.seed(moment)
            if run.world == "v2":  # one's own, as none can be entered above the groups of who was killed
                run.keep["place"] = run.group.make(f"moment{moment}")
            out, err = harness.start(case, run, harness.command(case, run))
            run.process.stdin.close()
            time.sleep(random.uniform(0, 0.06) * run.scale)
            pid = run.process.pid
            victims = [each for name in names if name != "memcage" for each in named_below(pid, name)]
            for victim in victims + ([pid] if "memcage" in names else []):
                kill(victim)
            if names == ("memcage-init",) and victims:
                run.wait_for(lambda: run.process.poll() is not None, "memcage to end with its command")
            run.process.kill()  # it may have been too early for that victim
            run.process.wait()
            deadline = time.monotonic() + 1 * run.scale
            while (left := run.group.left_processes()) and time.monotonic() < deadline:
                time.sleep(0.005)
            expect(not left, f"moment {moment}: {len(left)} survivors after {run.scale:g} s: "
                             f"{[(each, command_of(each)) for each in left[:4]]}")
            for file in (out, err):
                file.close()
        for name in (".stdout", ".stderr"):
            os.unlink(run.path(name))
        # on v2 the place where memcage stood cannot be entered again
        subprocess.run([harness.program, "doctor", "--clean"], stdout=subprocess.DEVNULL,
                       preexec_fn=run.group.enter if run.world == "v1" else None, check=False)
        expect(run.world != "v1" or not run.group.left_groups(), f"doctor --clean left {run.group.left_groups()[:3]}")
    return drive


def command_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "gone"


def killing(name, *names):
    return case("killed/" + name, ("sh", "-c", SURVIVORS), None, drive=kills(names), leaves_group=True, alone=True,
                report="", timeout=120)


CASES = [
    killing("memcage", "memcage"),
    killing("init", "memcage-init"),
    killing("guard", "memcage-guard"),
    killing("memcage_and_init", "memcage-init", "memcage"),
    killing("memcage_and_guard", "memcage-guard", "memcage"),
]
