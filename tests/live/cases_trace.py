# SPDX-License-Identifier: MIT
"""Refused allocations seen as system calls by the tracer, which must change nothing else."""

import os
import subprocess

from harness import PROBABLE, Case, expect

GIB = 1 << 30
FAIL = ("-m", "64M", "--at-limit", "fail")
TRACE = (*FAIL, "--witness", "trace")
BOTH_WITNESSES = (*FAIL, "--witness", "trace,preload")
KILL = ("-m", "64M", "--witness", "trace")
STATIC = "{workloads}/malloc_until_null_static"

STOP_AND_GO = """
import os, signal, time
child = os.fork()
if child == 0:
    while True:
        time.sleep(1)
def wait(options):
    return os.waitpid(child, options)[1]
os.kill(child, signal.SIGSTOP)
assert os.WIFSTOPPED(wait(os.WUNTRACED))
time.sleep(0.05)
assert os.waitpid(child, os.WNOHANG) == (0, 0)
os.kill(child, signal.SIGCONT)
assert os.WIFCONTINUED(wait(os.WCONTINUED))
os.kill(child, signal.SIGTSTP)
assert os.WSTOPSIG(wait(os.WUNTRACED)) == signal.SIGTSTP
os.kill(child, signal.SIGCONT)
os.kill(child, signal.SIGUSR1)
assert os.WTERMSIG(wait(0)) == signal.SIGUSR1
print("stopped and went on")
"""

SIGNALS = """
import os, signal
told = []
signal.signal(signal.SIGUSR1, lambda number, frame: told.append(number))
signal.signal(signal.SIGTRAP, lambda number, frame: told.append(number))
for number in (signal.SIGUSR1, signal.SIGTRAP, signal.SIGUSR1):
    os.kill(os.getpid(), number)
    bytearray(1 << 20)
print(*told)
"""

GO_SLICE = """package main

import "fmt"

func main() {
	b := make([]byte, 1<<30)
	b[0] = 1
	fmt.Println(len(b))
}
"""


def traced(count=None, least=0, processes=None, in_main=None, largest=0, preloaded=False):
    """What the report says of refusals. count None: at least `least`."""
    def check(run):
        seen = run.get("alloc_failures")
        number = seen.get("count")
        expect("trace" in seen["witnesses"], f"no tracer among {seen['witnesses']}")
        expect(("preload" in seen["witnesses"]) == preloaded, f"witnesses {seen['witnesses']}")
        expect(number is not None and (number == count if count is not None else number >= least),
               f"count {number}, not {count if count is not None else f'at least {least}'}")
        expect(in_main is None or seen["in_main"] == in_main, f"in_main {seen['in_main']}, not {in_main}")
        expect((seen.get("largest_bytes") or 0) >= largest, f"largest_bytes {seen.get('largest_bytes')}")
        expect(not number or seen["first"]["cause"] == "at_limit_fail", f"first {seen['first']}")
        expect(not number or "RLIMIT_DATA" in seen["first"]["cause_detail"], f"first {seen['first']}")
        coverage = seen["coverage"]
        expect(coverage["covered"] == coverage["processes"] and not coverage["uncovered"], f"{coverage}")
        expect(processes is None or coverage["processes"] == processes, f"{coverage}, not {processes} processes")
    return check


def prints(text, **more):
    def check(run):
        expect(run.stdout == text, f"standard output {run.stdout!r}, not {text!r}")
        traced(**more)(run)
    return check


def go_program(run):
    """Built outside the cage."""
    with open(run.path("slice.go"), "w", encoding="utf-8") as file:
        file.write(GO_SLICE)
    subprocess.run(["/usr/bin/go", "build", "-o", run.path("slice"), run.path("slice.go")], check=True,
                   env={**os.environ, "GOCACHE": run.path("cache"), "GOFLAGS": "-modcacherw", "GO111MODULE": "off"},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", run.path("cache")], check=True)


def not_watched(run):
    expect("trace" not in run.get("alloc_failures.witnesses"), f"{run.get('alloc_failures')}")


SAME = (
    ("exit_with", "7"),
    ("kill_self", "SEGV"),
    ("malloc_once", "1G"),
    ("malloc_once", "1G", "unchecked"),
    ("malloc_until_null", "1M", "32M"),
    ("malloc_until_null_static", "1M", "32M"),
    ("print_bytes", "300000"),
    ("list_fds",),
    ("thread_mappings", "4", "1G"),
    ("sh", "-c", 'trap "echo got it; exit 9" TERM; kill -TERM $$; exit 1'),
    ("sh", "-c", "kill -KILL $$"),
    ("sh", "-c", "ls /nosuch; echo $PPID >/dev/null; (exit 4); echo $?; exec sh -c 'exit 6'"),
    ("sh", "-c", "exec 2>/dev/null; sleep 1000 & kill -STOP $!; kill -CONT $!; kill $!; wait $!; echo $?"),
)


def changes_nothing(harness, run):
    """Exit status and output are equal, watched and not."""
    for argv in SAME:
        seen = []
        for witness in ("none", "trace"):
            case = Case(run.case.name, argv, options=(*FAIL, "--witness", witness, "-q"))
            run.report = run.report_text = None
            harness.call(case, run)
            harness.load_report(case, run)
            expect((witness in run.get("alloc_failures.witnesses")) == (witness == "trace"),
                   f"{argv}: {run.get('alloc_failures.witnesses')}")
            seen.append((run.status, run.stdout, run.stderr))
        expect(seen[0] == seen[1], f"{argv}: without {seen[0]}, with {seen[1]}")


CASES = [
    Case("trace/static", ("malloc_until_null_static", "1M"), "alloc_failure/refused", 1, TRACE, confidence=("medium",),
         check=traced(count=1, processes=1, in_main=1)),
    Case("trace/static_small", ("malloc_until_null_static", "200"), "alloc_failure/refused", 1, TRACE,
         confidence=("medium",), check=traced(count=1, processes=1)),
    Case("trace/static_caught", ("malloc_until_null_static", "1M", "1G", "recover"), "ok/recovered_alloc_failure", 0,
         TRACE, confidence=("medium",), check=traced(count=1, processes=1)),
    Case("trace/static_automatic", ("malloc_until_null_static", "1M"), "alloc_failure/refused", 1, FAIL,
         confidence=("medium",), check=traced(count=1, processes=1, preloaded=True)),
    Case("trace/not_automatic_for_dynamic", ("exit_with", "0"), "ok/clean", 0, FAIL, check=not_watched),
    Case("trace/not_automatic_under_kill", ("malloc_until_null_static", "1M", "32M"), "failed/exit", 3, ("-m", "64M"),
         check=not_watched),
    Case("trace/under_kill", ("malloc_until_null_static", "1M"), "oom_kill/own_limit", 137, KILL),
    Case("trace/go", ("{dir}/slice",), "alloc_failure/refused", 2, ("-m", "256M", "--at-limit", "fail"),
         confidence=("medium",), needs=("go",),
         setup=go_program, files=("slice", "slice.go"), timeout=60,
         check=traced(least=1, preloaded=True)),
    Case("trace/empty_environment", ("start_program", "syscall", "{workloads}/malloc_once", "1G"), "alloc_failure/refused", 1,
         BOTH_WITNESSES, confidence=("medium",), check=traced(count=1, processes=1, preloaded=True)),
    Case("trace/library_counts_first", ("malloc_once", "1G"), "alloc_failure/refused", 1, BOTH_WITNESSES,
         check=traced(count=1, processes=1, preloaded=True)),
    Case("trace/one_refusal_of_the_library", ("malloc_once", "1G"), "alloc_failure/refused", 1, TRACE,
         confidence=("medium",), check=traced(count=1, largest=GIB)),
    Case("trace/unchecked", ("malloc_once", "1G", "unchecked"), "alloc_failure/unchecked", 139, TRACE,
         confidence=("medium",), check=traced(count=1, in_main=1)),
    Case("trace/grandchild", ("sh", "-c", "sh -c '\"$0\" 1M; exit 4' \"$0\"; exit $?", STATIC), "alloc_failure/refused",
         4, TRACE, confidence=("medium",), check=traced(count=1, in_main=0, processes=3)),
    Case("trace/vfork", ("vfork_exec", STATIC, "1M"), "alloc_failure/refused", 1, TRACE, confidence=("medium",),
         check=traced(count=1, in_main=0, processes=2)),
    Case("trace/threads", ("thread_mappings", "8", "1G"), "ok/recovered_alloc_failure", 0, TRACE, confidence=("medium",),
         check=prints(b"8 refused\n", count=8, processes=1, largest=GIB)),
    Case("trace/reservations_are_none", ("reserve_only", "16G"), "ok/clean", 0, TRACE, check=traced(count=0)),
    Case("trace/stop_and_continue", ("/usr/bin/python3", "-c", STOP_AND_GO), "ok/clean", 0, TRACE, needs=("python",),
         check=prints(b"stopped and went on\n", count=0, processes=2)),
    Case("trace/signals", ("/usr/bin/python3", "-c", SIGNALS), "ok/clean", 0, TRACE, needs=("python",),
         check=prints(b"10 5 10\n", count=0)),
    Case("trace/wall_time", ("sh", "-c", "sleep 1000 & sleep 1000"), "timeout/wall", 124, (*TRACE, "-t", "300ms"),
         check=traced(count=0, processes=3)),
    Case("trace/stopped_at_wall_time", ("sh", "-c", "kill -STOP $$"), "timeout/wall", 124, (*TRACE, "-t", "300ms")),
    Case("trace/left_behind", ("sh", "-c", "sleep 1000 & exit 3"), "failed/exit", 3, TRACE, check=traced(count=0)),
    Case("trace/wait_tree", ("sh", "-c", "sleep 0.2 & exit 0"), "ok/clean", 0, (*TRACE, "--wait-tree"),
         check=traced(count=0)),
    Case("trace/other_user", ("malloc_until_null_static", "1M"), "alloc_failure/refused", 1,
         (*TRACE, "--user", "65534:65534"), confidence=("medium",), check=traced(count=1)),
    Case("trace/not_found", ("/nosuch/program",), "not_started/exec", 127, TRACE),
    Case("trace/changes_nothing", drive=changes_nothing, confidence=PROBABLE, timeout=30),
]
