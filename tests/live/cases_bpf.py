# SPDX-License-Identifier: MIT
"""Refused allocations and victims seen from inside the kernel, which must change nothing else."""

import os
import shutil
import subprocess
import time

from cases_trace import SAME, go_program
from harness import PROBABLE, Case, expect

GIB = 1 << 30
NOBODY = 65534
FAIL = ("-m", "64M", "--at-limit", "fail")
BPF = (*FAIL, "--witness", "bpf")
BOTH_WITNESSES = (*FAIL, "--witness", "bpf,preload")
KILL = ("-m", "64M", "--witness", "bpf")
STATIC = "{workloads}/malloc_until_null_static"
LIMITED = "ulimit -d 32768; exec \"$0\" \"$@\""
MEDIUM = ("medium",)

# In a group that the workload makes inside the cage, and by a process that begins there.
INNER = """
leaf=$(sed -n 's/^[0-9]*:memory://p; s/^0:://p' /proc/self/cgroup | head -n 1)
base=/sys/fs/cgroup
[ ! -d $base/memory ] || base=$base/memory leaf=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
mkdir "$base$leaf/inner" && echo 0 >"$base$leaf/inner/cgroup.procs" || exit 9
sh -c '"$0" 1M; exit $?' "$0"
status=$?
echo 0 >"$base$leaf/cgroup.procs" && rmdir "$base$leaf/inner"
exit $status
"""

# More than the buffer holds while nobody reads it.
FLOOD = 'kill -STOP $PPID; "$0" 20000 1G; status=$?; kill -CONT $PPID; exit $status'


def seen(count=None, least=0, processes=None, in_main=None, largest=0, preloaded=False, cause="at_limit_fail", **more):
    """What the report says of refusals. count None: at least `least`."""
    def check(run):
        told = run.get("alloc_failures")
        number = told.get("count")
        expect("bpf" in told["witnesses"], f"no bpf among {told['witnesses']}")
        expect(("preload" in told["witnesses"]) == preloaded, f"witnesses {told['witnesses']}")
        expect(number is not None and (number == count if count is not None else number >= least),
               f"count {number}, not {count if count is not None else f'at least {least}'}")
        expect(in_main is None or told["in_main"] == in_main, f"in_main {told['in_main']}, not {in_main}")
        expect((told.get("largest_bytes") or 0) >= largest, f"largest_bytes {told.get('largest_bytes')}")
        expect(not number or told["first"]["cause"] == cause, f"first {told['first']}")
        expect(not number or "RLIMIT_" in told["first"]["cause_detail"], f"first {told['first']}")
        coverage = told["coverage"]
        expect(coverage["covered"] == coverage["processes"] and not coverage["uncovered"], f"{coverage}")
        expect(coverage["lost"] == 0, f"{coverage}")
        expect(processes is None or coverage["processes"] == processes, f"{coverage}, not {processes} processes")
        for name, wanted in more.items():
            expect(told[name] == wanted, f"{name} {told[name]}, not {wanted}")
    return check


def victim_is(command, main):
    """The victim is named, and nobody read the kernel log."""
    def check(run):
        kills = run.get("oom_kills")
        expect("kmsg" not in run.get("alloc_failures.witnesses"), f"{run.get('alloc_failures.witnesses')}")
        expect([(kill["command"], kill["is_main"]) for kill in kills] == [(command, main)], f"{kills}")
        expect(kills[0]["pid"] > 0, f"{kills}")
    return check


def lost(run):
    coverage = run.get("alloc_failures.coverage")
    expect(coverage["lost"] > 10000, f"{coverage}")
    expect(0 < run.get("alloc_failures.count") < 10000, f"{run.get('alloc_failures')}")
    expect(any("were lost" in line for line in run.get("because")), f"{run.get('because')}")
    expect(any("were lost" in line for line in run.get("enforcement.warnings") or run.get("warnings") or []),
           "no warning of lost records")


def changes_nothing(harness, run):
    """Exit status and output are equal, watched and not."""
    for argv in SAME[:-1]:  # nothing is stopped here, and what sh says of its jobs depends on time
        told = []
        for witness in ("none", "bpf"):
            case = Case(run.case.name, argv, options=(*FAIL, "--witness", witness, "-q"))
            run.report = run.report_text = None
            harness.call(case, run)
            harness.load_report(case, run)
            expect((witness in run.get("alloc_failures.witnesses")) == (witness == "bpf"),
                   f"{argv}: {run.get('alloc_failures.witnesses')}")
            told.append((run.status, run.stdout, run.stderr))
        expect(told[0] == told[1], f"{argv}: without {told[0]}, with {told[1]}")


def outside(harness, run):
    """A process outside of the cage is refused memory while the run goes on."""
    static = os.path.join(harness.workloads, "malloc_until_null_static")

    def meanwhile(_run):
        time.sleep(0.2 * harness.scale)
        for _ in range(10):
            status = subprocess.run(["sh", "-c", LIMITED, static, "1M"], stderr=subprocess.DEVNULL,
                                    check=False).returncode
            expect(status == 1, f"outside it was not refused: {status}")

    one_call(harness, run, Case(run.case.name, ("sleep", "0.6"), "ok/clean", 0, BPF, during=meanwhile,
                                check=seen(count=0, processes=1)))


def two_runs(harness, run):
    """One that is refused while another one is watched: neither sees the other's."""
    other = run.path("other.json")

    def meanwhile(_run):
        time.sleep(0.2 * harness.scale)
        words = [harness.program, "run", *BPF, "-q", "-r", other, "--",
                 os.path.join(harness.workloads, "malloc_until_null_static"), "1M"]
        status = subprocess.run(words, stderr=subprocess.DEVNULL, check=False,
                                preexec_fn=run.group.enter).returncode
        expect(status == 1, f"the other run ended with {status}")

    one_call(harness, run, Case(run.case.name, ("sh", "-c", "sleep 0.8; exit 7"), "failed/exit", 7, BPF,
                                during=meanwhile, check=seen(count=0, processes=2)))
    run.report_text = None
    case = Case(run.case.name, (), "alloc_failure/refused", 1, report="other.json", confidence=MEDIUM,
                check=seen(count=1, processes=1))
    run.status = 1
    harness.load_report(case, run)
    harness.compare(case, run)


def one_call(harness, run, case):
    harness.call(case, run)
    harness.load_report(case, run)
    harness.compare(case, run)


def pid_namespace(harness, run):
    """memcage in a pid namespace of its own: the numbers are those that it sees there."""
    words = ["unshare", "-pf", "--mount-proc", harness.program, "run", *KILL, "-r", run.path("report.json"), "--",
             os.path.join(harness.workloads, "touch_pages"), "128M"]
    started = time.monotonic()
    run.status = subprocess.run(words, stderr=subprocess.DEVNULL, check=False, preexec_fn=run.group.enter).returncode
    run.seconds = time.monotonic() - started
    case = Case(run.case.name, (), "oom_kill/own_limit", 137, victim="main", confidence=PROBABLE,
                check=victim_is("touch_pages", True))
    harness.load_report(case, run)
    harness.compare(case, run)
    expect(run.get("oom_kills")[0]["pid"] == run.get("command.pid") < 10, f"{run.get('oom_kills')}")


def built_without(harness, run):
    """A program that has no module beside it says so, before anything runs."""
    shutil.copy(harness.program, run.path("memcage"))
    done = subprocess.run([run.path("memcage"), "run", "-m", "64M", "--witness", "bpf", "touch", run.path("ran")],
                          capture_output=True, text=True, check=False, preexec_fn=run.group.enter)
    expect(done.returncode == 125, f"exit status {done.returncode}")
    expect("built without the bpf witness" in done.stderr and "libbpf-dev" in done.stderr
           and done.stderr.count("\n") == 1, f"it said {done.stderr!r}")
    expect(not os.path.exists(run.path("ran")), "the command was run")


def ordinary_user():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def says_what_it_needs(run):
    expect(run.stderr.count(b"\n") == 1 and b"CAP_BPF" in run.stderr and b"--witness trace" in run.stderr,
           f"standard error {run.stderr!r}")


def bpf(name, argv, verdict, status, options=BPF, needs=(), **more):
    return Case(f"bpf/{name}", argv, verdict, status, options, needs=("bpf", *needs), **more)


CASES = [
    bpf("static", ("malloc_until_null_static", "1M"), "alloc_failure/refused", 1, confidence=MEDIUM,
        check=seen(count=1, processes=1, in_main=1)),
    bpf("static_small", ("malloc_until_null_static", "200"), "alloc_failure/refused", 1, confidence=MEDIUM,
        check=seen(count=1, processes=1)),
    bpf("static_caught", ("malloc_until_null_static", "1M", "1G", "recover"), "ok/recovered_alloc_failure", 0,
        confidence=MEDIUM, check=seen(count=1, processes=1)),
    bpf("own_rlimit", ("sh", "-c", LIMITED, STATIC, "1M"), "alloc_failure/refused", 1, KILL, confidence=MEDIUM,
        check=seen(count=1, in_main=1, processes=1, cause="rlimit_data")),
    bpf("own_rlimit_caught", ("sh", "-c", LIMITED, STATIC, "1M", "1G", "recover"), "ok/recovered_alloc_failure", 0, KILL,
        confidence=MEDIUM, check=seen(count=1, cause="rlimit_data")),
    # A limit of its own: Go maps over reservations, which ours would follow where nobody looks before.
    bpf("go", ("sh", "-c", 'ulimit -d 262144; exec "$0"', "{dir}/slice"), "alloc_failure/refused", 2, KILL,
        needs=("go",), confidence=MEDIUM, setup=go_program, files=("slice", "slice.go"), timeout=60,
        check=seen(least=1, cause="rlimit_data")),
    bpf("go_fine", ("{dir}/slice",), "ok/clean", 0, ("-m", "2G", "--at-limit", "fail", "--witness", "bpf"),
        needs=("go",), setup=go_program, files=("slice", "slice.go"), timeout=60, check=seen(count=0)),
    bpf("empty_environment", ("env", "-i", "{workloads}/malloc_once", "1G"), "alloc_failure/refused", 1,
        confidence=MEDIUM, check=seen(count=1, processes=1)),
    bpf("library_left_behind", ("start_program", "syscall", "{workloads}/malloc_once", "1G"), "alloc_failure/refused", 1,
        BOTH_WITNESSES, confidence=MEDIUM, check=seen(count=1, processes=1, preloaded=True)),
    bpf("library_counts_first", ("malloc_once", "1G"), "alloc_failure/refused", 1, BOTH_WITNESSES,
        check=seen(count=1, processes=1, preloaded=True)),
    bpf("library_in_a_fork", ("refused_calls", "children", "1G"), "ok/recovered_alloc_failure", 0, BOTH_WITNESSES,
        check=seen(count=11, processes=11, preloaded=True)),
    bpf("one_refusal_of_the_library", ("malloc_once", "1G"), "alloc_failure/refused", 1, confidence=MEDIUM,
        check=seen(count=1, largest=GIB)),
    bpf("unchecked", ("malloc_once", "1G", "unchecked"), "alloc_failure/unchecked", 139, confidence=MEDIUM,
        check=seen(count=1, in_main=1)),
    bpf("retried", ("refused_calls", "retry", "1M"), "ok/recovered_alloc_failure", 0, KILL, confidence=MEDIUM,
        check=seen(count=1, retried=1, cause="rlimit_data")),
    bpf("child", ("sh", "-c", "\"$0\" 1M; exit 4", STATIC), "alloc_failure/refused", 4, confidence=MEDIUM,
        check=seen(count=1, in_main=0, processes=2)),
    bpf("grandchild", ("sh", "-c", "sh -c '\"$0\" 1M; exit 4' \"$0\"; exit $?", STATIC), "alloc_failure/refused",
        4, confidence=MEDIUM, check=seen(least=1, in_main=0, processes=3)),
    bpf("vfork", ("vfork_exec", STATIC, "1M"), "alloc_failure/refused", 1, confidence=MEDIUM,
        check=seen(count=1, in_main=0, processes=2)),
    bpf("threads", ("thread_mappings", "8", "1G"), "ok/recovered_alloc_failure", 0, confidence=MEDIUM,
        check=seen(count=8, in_main=8, processes=1)),
    bpf("inner_group", ("sh", "-c", INNER, STATIC), "alloc_failure/refused", 1, confidence=MEDIUM,
        check=seen(count=1, in_main=0), worlds=("v1",)),
    bpf("arena_probes", ("sh", "-c", "ulimit -v 204800; exec \"$0\" 16", "{workloads}/thread_mallocs"), "ok/clean", 0,
        KILL, check=seen(count=0, processes=1)),
    bpf("reservations_are_none", ("reserve_only", "16G"), "ok/clean", 0, check=seen(count=0)),
    bpf("impossible_size", ("refused_calls", "mmap", "200000G"), "ok/clean", 0, KILL, check=seen(count=0, impossible=1)),
    bpf("victim_main", ("touch_pages", "128M"), "oom_kill/own_limit", 137, KILL, victim="main", confidence=PROBABLE,
        check=victim_is("touch_pages", True)),
    bpf("victim_child", ("grandchild_hog", "128M"), "oom_kill/own_limit", 0, KILL, victim="descendant",
        confidence=PROBABLE, check=victim_is("grandchild_hog", False)),
    bpf("killed_beside_children", ("sh", "-c", "sleep 10 & exec \"$0\" 128M", "{workloads}/touch_pages"),
        "oom_kill/own_limit", 137, KILL, victim="main", confidence=PROBABLE, check=victim_is("touch_pages", True)),
    bpf("other_user", ("malloc_until_null_static", "1M"), "alloc_failure/refused", 1,
        (*BPF, "--user", "65534:65534"), confidence=MEDIUM, check=seen(count=1)),
    bpf("not_found", ("/nosuch/program",), "not_started/exec", 127),
    bpf("not_automatic", ("malloc_until_null_static", "1M", "32M"), "failed/exit", 3, ("-m", "64M"),
        check=lambda run: expect("bpf" not in run.get("alloc_failures.witnesses"), f"{run.get('alloc_failures')}")),
    bpf("lost", ("sh", "-c", FLOOD, "{workloads}/refused_flood"), "ok/recovered_alloc_failure", 0,
        confidence=("low",), check=lost),
    bpf("ordinary_user", ("exit_with", "0"), None, 125, caller=ordinary_user, report="", check=says_what_it_needs),
    bpf("no_cgroup", ("exit_with", "0"), None, 125, ("--backend", "rlimit", "--witness", "bpf"), report=""),
    bpf("built_without", (), needs=("no_bpf_in_the_system",), verdict=None, status=125, drive=built_without,
        files=("memcage",)),
    bpf("pid_namespace", (), "oom_kill/own_limit", 137, KILL, drive=pid_namespace),
    bpf("outside", (), "ok/clean", 0, drive=outside),
    bpf("two_runs", (), "ok/clean", 0, drive=two_runs, files=("other.json",)),
    bpf("changes_nothing", (), None, 0, drive=changes_nothing, timeout=60),
]
