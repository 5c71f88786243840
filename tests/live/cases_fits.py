# SPDX-License-Identifier: MIT
"""--at-limit fail: who fits is never failed, whatever he has mapped; who does not is refused, not killed."""

import os
import subprocess

from harness import PROBABLE, Case, expect

TIMES = 20
FAIL = ("-m", "64M", "--at-limit", "fail")
FAIL_128 = ("-m", "128M", "--at-limit", "fail")
FITS = ("ok/clean", "ok/under_pressure")
PYTHON = ("/usr/bin/python3", "-c")
GROW_IN_PYTHON = "kept = []\nwhile True:\n    kept.append(bytearray(1 << 20))\n"
GROW_IN_PERL = 'my @kept; push @kept, "x" x (1 << 20) while 1;'

GARBAGE = """package main

import "os"

func main() {
	grow := len(os.Args) > 1
	var kept [][]byte
	for i := 0; i < 400; i++ {
		one := make([]byte, 4<<20)
		for at := 0; at < len(one); at += 4096 {
			one[at] = 1
		}
		if grow {
			kept = append(kept, one)
		}
	}
	_ = kept
}
"""


def nothing_refused(run):
    seen = run.get("alloc_failures")
    expect(seen["count"] == 0, f"refusals: {seen}")


def refused(by=("RLIMIT_DATA", "second_look", "squeeze"), least=1, function=None):
    """It was memcage that refused, it says with what and how full the cage was, and the kernel killed nobody."""
    def check(run):
        seen = run.get("alloc_failures")
        first = seen["first"] or {}
        expect(seen["count"] >= least, f"count {seen['count']}, not at least {least}")
        expect(first.get("cause") == "at_limit_fail", f"first {first}")
        expect(first.get("refused_by") in by, f"refused_by {first.get('refused_by')}, not {by}")
        expect(first.get("refused_by") in run.get("enforcement.mechanisms"), f"{run.get('enforcement.mechanisms')}")
        expect(function is None or first.get("function") == function, f"function {first.get('function')}")
        used, limit = first.get("cage_bytes"), run.get("limits.memory_bytes")
        expect(used is not None and used <= limit, f"cage_bytes {used}")
        # what one process could never have needs no full cage
        expect(first["refused_by"] == "RLIMIT_DATA" or used + first["request_bytes"] > limit * 3 // 4, f"first {first}")
        expect(any(line.startswith("The cage had ") for line in run.get("because")), f"{run.get('because')}")
        kills = {name: value for name, value in run.get("events.after").items() if name.endswith("oom_kill")
                 and not name.startswith("vmstat")}
        expect(kills and not any(kills.values()), f"killed: {kills}")
    return check


def repeat(times, spinners=0):
    """Every time the same; beside processes that keep the processors busy, if any."""
    def drive(harness, run):
        busy = [subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"]) for _ in range(spinners)]
        try:
            for _ in range(times if run.scale == 1 else 1):
                run.report = run.report_text = None
                harness.call(run.case, run)
                run.kernel_kills = harness.log.take()
                harness.load_report(run.case, run)
                harness.compare(run.case, run)
        finally:
            for process in busy:
                process.kill()
                process.wait()
    return drive


def go_program(run):
    """Built outside the cage."""
    with open(run.path("garbage.go"), "w", encoding="utf-8") as file:
        file.write(GARBAGE)
    subprocess.run(["/usr/bin/go", "build", "-o", run.path("garbage"), run.path("garbage.go")], check=True,
                   env={**os.environ, "GOCACHE": run.path("cache"), "GOFLAGS": "-modcacherw", "GO111MODULE": "off"},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", run.path("cache")], check=True)


GO = dict(setup=go_program, files=("garbage", "garbage.go"), needs=("go",))


def fits(name, argv, options=FAIL, **more):
    return Case("fits/" + name, argv, more.pop("verdict", FITS), 0, options, check=more.pop("check", nothing_refused), timeout=60,
                **more)


def grows(name, argv, status=1, options=FAIL, check=refused(), **more):
    return Case("fits/" + name, argv, "alloc_failure/refused", status, options, confidence=PROBABLE, check=check,
                timeout=60, **more)


def grows_often(name, argv, status=1, options=FAIL, **more):
    return [
        grows(name, argv, status, options, drive=repeat(TIMES), **more),
        grows(name + "_on_a_busy_machine", argv, status, options, alone=True, drive=repeat(TIMES, spinners=2), **more),
    ]


CASES = [
    # mapped, and never touched
    fits("13_threads", ("many_threads", "13"), ("-m", "112M", "--at-limit", "fail"), drive=repeat(TIMES)),
    fits("60_threads", ("many_threads", "60"), drive=repeat(5)),
    fits("untouched", ("malloc_untouched", "40", "10M")),
    fits("tree", ("tree_until_null", "8", "5M"), drive=repeat(TIMES)),
    fits("go_garbage", ("{dir}/garbage",), drive=repeat(10), **GO),
    # page cache is not in the way of what only looks too large
    fits("page_cache_and_threads", ("sh", "-c", '"$0"/page_cache big 96M & "$0"/many_threads 20; r=$?; wait; exit $r',
                                    "{workloads}")),
    # mapped before: only the kernel can stop what is touched then
    Case("fits/untouched_then_touched", ("malloc_untouched", "40", "10M", "touch"), "oom_kill/own_limit", 137, FAIL,
         victim="main"),

    # RLIMIT_DATA alone: more than the limit in one piece
    grows("one_too_large", ("malloc_once", "65M"), check=refused(("RLIMIT_DATA",), function="malloc")),
    grows("threads_that_touch", ("many_threads", "60", "4M"), check=refused(("second_look",), function="pthread_create"),
          drive=repeat(TIMES)),
    grows("go_grows", ("{dir}/garbage", "grow"), 2, drive=repeat(10), **GO),
    grows("static", ("malloc_until_null_static", "200"), drive=repeat(TIMES)),

    # had more than it keeps
    *(grows("after_" + what, ("grow_again", what, size), check=refused(("second_look",)), drive=repeat(5))
      for what, size in (("freed", "40M"), ("unmapped", "400M"), ("discarded", "40M"), ("reserved", "400M"))),

    *grows_often("c", ("malloc_until_null", "1M")),
    *grows_often("c_small", ("malloc_until_null", "200")),
    *grows_often("python", (*PYTHON, GROW_IN_PYTHON), needs=("python",)),
    *grows_often("perl", ("perl", "-e", GROW_IN_PERL), (1, 12)),
    *grows_often("tree_8_by_30", ("tree_until_null", "8", "30M"), 5, FAIL_128, check=refused(least=5)),
]
