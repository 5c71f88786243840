# SPDX-License-Identifier: MIT
"""Who held the memory when the kernel killed, and what it was doing: snapshot and --last-words."""

import os
import signal
import subprocess
import time

from groups import read
from harness import PROBABLE, Case, expect
from runtimes import BUILT

MIB = 1 << 20
M64, M128, M256 = ("-m", "64M"), ("-m", "128M"), ("-m", "256M")
WORDS = ("--last-words",)
KILLED = "oom_kill/own_limit"
JAVA = ("java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:ErrorFile=/dev/null", "-cp", BUILT, "-Xms16m", "-Xmx2g",
        "Allocate", "grow")
GROW = "import sys\ndef fill(all):\n    while True:\n        all.append(bytearray(1 << 20))\n\ndef main():\n    fill([])\n\nmain()\n"


def every(*checks):
    def check(run):
        for one in checks:
            one(run)
    return check


def held_by(command, share, mapping="[anon]", processes=1):
    """The largest process and its largest mapping hold at least that share of the limit."""
    def check(run):
        snapshot = run.get("snapshot") or {}
        expect(snapshot.get("processes"), f"no snapshot: {run.get('snapshot')}")
        first = snapshot["processes"][0]
        expect(first["command"] == command, f"largest: {first['command']} in {snapshot}")
        expect(first["anon_bytes"] >= share * run.get("memory.limit_bytes"), f"anonymous: {first}")
        expect(first["mappings"], f"no mappings: {first}")
        expect(first["mappings"][0]["name"] == mapping, f"largest mapping: {first['mappings']}")
        # where it was killed while it was looked at, only the sizes are known
        size = first["mappings"][0]["rss_bytes"] or first["mappings"][0]["size_bytes"]
        expect(size >= share * run.get("memory.limit_bytes"), f"{first['mappings']}")
        expect(snapshot["process_count"] >= processes, f"{snapshot['process_count']} processes")
        expect(snapshot["at_ms"] <= run.get("time.wall_ms") + run.get("overhead.setup_ms") + 1,
               f"taken at {snapshot['at_ms']} ms of {run.get('time.wall_ms')}")
        text = subprocess.run([run.process.args[0], "report", run.path("report.json")], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        expect("Held by" in text and f"{command} (pid {first['pid']})" in text, text)
    return check


def one_kill(run):
    expect(run.get("rises.oom_kills") == 1, f"rises: {run.get('rises')}")


def said(*functions, line=None, kills=one_kill):
    """Functions of the backtrace in this order, perhaps with others between them."""
    def check(run):
        kills(run)
        words = run.get("last_words") or {}
        expect(words.get("pid"), f"nobody was asked: {run.get('last_words')}")
        expect(words["held_us"] < 1000000 * run.scale, f"held for {words['held_us']} us")
        expect(words["source_line"] == line, f"source_line {words['source_line']}, not {line}")
        names = [frame["function"] for frame in words["backtrace"]]
        if "libdw" in (words["note"] or ""):
            return
        at = 0
        for function in functions:
            expect(function in names[at:], f"{function} is not in {names[at:]}")
            at = names.index(function, at) + 1
    return check


def python_line(run):
    said(line="<string>:4")(run)


def nothing_said(run):
    expect(run.get("last_words") is None, f"{run.get('last_words')}")


def far_from_it(run):
    expect(run.get("snapshot") is None, f"{run.get('snapshot')}")
    expect(not run.get("rises.high_hits"), f"{run.get('rises')}")


def high_is_gone(run):
    """While it lives above the mark, what told of that is taken away."""
    run.wait_for(lambda: high_of(run) == {"max"} and used(run) > 115 * MIB, "memory.high to go away")
    run.keep["seen"] = True


def leaves(run):
    for base, _, files in os.walk(run.group.main):
        if "memory.high" in files and os.path.basename(base).startswith("memcage-"):
            yield base


def high_of(run):
    return {read(os.path.join(leaf, "memory.high")).strip() for leaf in leaves(run)}


def used(run):
    return sum(int(read(os.path.join(leaf, "memory.current"))) for leaf in leaves(run))


def was_seen(run):
    expect(run.keep.get("seen"), "nobody looked")
    held_by("touch_pages", 0.7)(run)


def waits(run):
    """A process of the cage waits at the limit, as it should: who would let it go on is stopped."""
    for pid in run.group.left_processes():
        pid = pid if isinstance(pid, int) else pid[0]
        try:
            if "oom_synchronize" in read(f"/proc/{pid}/wchan"):
                return True
        except OSError:
            pass
    return False


def killed_in_the_hold(run):
    time.sleep(0.2 * run.scale)
    run.process.send_signal(signal.SIGSTOP)
    if run.world == "v1":
        run.wait_for(lambda: waits(run), "somebody at the limit")
    else:
        time.sleep(0.5 * run.scale)
    run.process.send_signal(signal.SIGKILL)


SLOWLY = "import time\na = []\ntime.sleep(0.4)\nwhile True: a.append(bytearray(1 << 20))\n"

CASES = [
    Case("dossier/c", ("touch_pages", "1G"), KILLED, 137, M256, check=held_by("touch_pages", 0.5)),
    Case("dossier/c_small", ("touch_pages", "1G"), KILLED, 137, M64, check=held_by("touch_pages", 0.3)),
    Case("dossier/three_processes", ("three_hogs", "20M", "1G"), KILLED, 1, M128, victim="descendant",
         check=held_by("three_hogs", 0.5, processes=3)),
    Case("dossier/shared_memory", ("shm_hog", "1G"), KILLED, 137, M128, check=lambda run: expect(
        run.get("snapshot.processes")[0]["shmem_bytes"] > 48 * MIB, f"{run.get('snapshot')}")),
    Case("dossier/python", ("/usr/bin/python3", "-c", GROW), KILLED, 137, M256, needs=("python",),
         check=held_by("python3", 0.5)),
    Case("dossier/java", JAVA, KILLED, 137, M256, needs=("runtime_java",), check=held_by("java", 0.4), timeout=60),
    Case("dossier/far_from_it", ("touch_pages", "8M"), "ok/clean", 0, M128, check=far_from_it),
    Case("dossier/page_cache_is_no_nearness", ("page_cache", "{dir}/file", "200M"), ("ok/clean", "ok/under_pressure"), 0, M64,
         check=lambda run: expect(run.get("snapshot") is None, f"{run.get('snapshot')}")),
    Case("dossier/high_does_not_stay", ("touch_pages", "118M", "3000"), ("ok/clean", "ok/under_pressure"), 0, M128,
         worlds=("v2",), during=high_is_gone, check=was_seen, timeout=40),

    Case("last_words/c", ("touch_pages", "1G"), KILLED, 137, (*M256, *WORDS),
         check=every(said("touch", "hog", "main"), held_by("touch_pages", 0.5))),
    Case("last_words/three_processes", ("three_hogs", "20M", "1G"), KILLED, 1, (*M128, *WORDS), victim="descendant",
         check=every(said("touch", "hog", "main"), held_by("three_hogs", 0.5, processes=3))),
    # the one that wants it is not the largest, which is killed first
    Case("last_words/smaller_process", ("three_hogs", "20M", "1G"), KILLED, 1, ("-m", "40M", *WORDS), victim="descendant",
         check=said("touch", "hog", "main", kills=lambda run: expect(run.get("rises.oom_kills") in (1, 2), f"{run.get('rises')}"))),
    Case("last_words/python", ("/usr/bin/python3", "-c", GROW), KILLED, 137, (*M256, *WORDS), needs=("python",),
         check=python_line),
    Case("last_words/java", JAVA, KILLED, 137, (*M256, *WORDS), needs=("runtime_java",), timeout=60, check=every(
        one_kill, lambda run: expect(run.get("last_words.pid"), f"{run.get('last_words')}"))),
    Case("last_words/threads", ("many_threads", "8"), "ok/clean", 0, (*M64, *WORDS), check=nothing_said),
    Case("last_words/fits", ("touch_pages", "8M"), "ok/clean", 0, (*M128, *WORDS), check=nothing_said),
    Case("last_words/page_cache", ("page_cache", "{dir}/file", "200M"), ("ok/clean", "ok/under_pressure"), 0, (*M64, *WORDS),
         check=nothing_said),
    Case("last_words/inner_group", ("inner_limit", "8M", "32M"), "oom_kill/inner_limit", 0, (*M64, *WORDS),
         victim="descendant", confidence=PROBABLE, log=True, needs=("kernel_log",)),
    Case("last_words/killed_in_the_hold", ("/usr/bin/python3", "-c", SLOWLY), None, -9, (*M64, *WORDS), report="",
         during=killed_in_the_hold, leaves_group=True, alone=True, needs=("python",), timeout=60),
    Case("last_words/needs_a_limit", ("touch_pages", "8M"), None, 125, WORDS),
]
