# SPDX-License-Identifier: MIT
"""Failures seen inside language runtimes, by probes on their out-of-memory functions."""

import os
import shutil
import signal
import subprocess
import time

from harness import PROBABLE, SURE, Case, expect
from runtimes import BUILT, READ, TODAY, source

TRACING = "/sys/kernel/tracing"
INSIDE = ("--witness", "preload,signature,kmsg,runtime")
ALONE = ("--witness", "runtime")
KILL = ("-m", "256M", *INSIDE)
FAIL = ("-m", "256M", "--at-limit", "fail", *INSIDE)
TIGHT = ("-m", "80M", "--at-limit", "fail", *INSIDE)
PYTHON = ("/usr/bin/python3",)
JAVA = ("java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx64m", "-cp", BUILT, "Allocate")
NODE_CAP = ("node", "--max-old-space-size=64", source("allocate.js"), "heap")
RECOVERED = "ok/recovered_alloc_failure"
CARRY_ON = """
for _ in range({times}):
    try:
        [0] * 10**9
    except MemoryError:
        print("caught", flush=True)
{then}
"""
THREADS = """
import threading
def fail():
    try:
        [0] * 10**9
    except MemoryError:
        pass
threads = [threading.Thread(target=fail) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def ours():
    """Instances and events of memcage that are there now."""
    with open(TRACING + "/uprobe_events", encoding="utf-8", errors="replace") as file:
        events = {line.split("/")[0][2:] for line in file if line.startswith("p:memcage_")}
    names = {name for name in os.listdir(TRACING + "/instances") if name.startswith("memcage-")}
    return names | {name.replace("_", "-") for name in events}


def of_process(pid):
    return {name for name in ours() if name.startswith(f"memcage-{pid}-")}


def nothing_left(run):
    left = of_process(run.process.pid)
    expect(not left, f"probes left: {left}")


def seen(runtime, hits=1, count=None, heap=False, text=None, in_main=None):
    """It failed so many times, and each failure was counted once."""
    def check(run):
        nothing_left(run)
        told = run.get("alloc_failures.runtime") or {}
        expect(told.get("name") == runtime, f"runtime {told}")
        expect(told.get("hits") == hits, f"hits {told.get('hits')}, not {hits}")
        expect(run.get("alloc_failures.count") == (hits if count is None else count),
               f"count {run.get('alloc_failures.count')}")
        expect(told.get("is_heap_cap") is heap, f"is_heap_cap {told}")
        expect(in_main is None or told.get("in_main") == in_main, f"in_main {told}")
        expect(text is None or text in (told.get("text") or ""), f"text {told}")
        expect("runtime" in run.get("alloc_failures.witnesses"), f"{run.get('alloc_failures.witnesses')}")
        lost = [one for one in run.get("warnings") if "probes" in one]
        expect(not lost, f"warnings: {lost}")
    return check


def nothing_seen(run):
    nothing_left(run)
    expect(run.get("alloc_failures.runtime", "absent") is None, f"{run.get('alloc_failures.runtime')}")
    expect("runtime" in run.get("alloc_failures.witnesses"), f"{run.get('alloc_failures.witnesses')}")


def case(name, argv, verdict, status, options, check, *needs, **more):
    return Case("inside/" + name, tuple(argv), verdict, status, options, check=check,
                needs=("uprobes", *needs), timeout=60, **more)


def script(*words):
    """A shell that has the runtime as its child, and passes its end on."""
    return ("sh", "-c", '"$@"; exit $?', "sh", *words)


def go_source(name, text):
    def build(run):
        with open(run.path(name + ".go"), "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["/usr/bin/go", "build", "-o", run.path(name), run.path(name + ".go")], check=True,
                       env={**os.environ, "GOCACHE": run.path("cache"), "GOFLAGS": "-modcacherw", "GO111MODULE": "off"},
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", run.path("cache")], check=True)
    return build


def other_exception(run):
    with open(run.path("other.cpp"), "w", encoding="utf-8") as file:
        file.write("#include <stdexcept>\n#include <string>\nint main(int, char **argv)\n{\n"
                   "\tfor (int i = 0; i < 100; i++)\n\t\ttry {\n\t\t\tthrow std::length_error(argv[0]);\n"
                   "\t\t} catch (const std::exception &) {\n\t\t}\n\tthrow std::runtime_error(\"bad_alloc\");\n}\n")
    subprocess.run(["g++", run.path("other.cpp"), "-o", run.path("other")], check=True)


DEADLOCK = "package main\n\nfunc main() {\n\tselect {}\n}\n"    # runtime.throw, and not for memory


ODD_PLACE = """#include <cstdio>
#include <new>
#include <unistd.h>
int main()
{
	usleep(900000);
	try {
		char *volatile huge = new char[8000000000];
		huge[0] = 1;
	} catch (const std::bad_alloc &) {
		std::puts("caught");
	}
}
"""


def library_in_odd_place(run):
    """A program that finds its runtime where nobody looked before the start."""
    found = subprocess.run(["g++", "-print-file-name=libstdc++.so.6"], stdout=subprocess.PIPE, text=True, check=True)
    os.mkdir(run.path("odd"))
    shutil.copy(os.path.realpath(found.stdout.strip()), run.path("odd/libstdc++.so.6"))
    with open(run.path("late.cpp"), "w", encoding="utf-8") as file:
        file.write(ODD_PLACE)
    subprocess.run(["g++", run.path("late.cpp"), "-o", run.path("late")], check=True)


def python_in_odd_place(run):
    shutil.copy(os.path.realpath("/usr/bin/python3"), run.path("snake"))


def become_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def told_what_it_needs(run):
    lines = run.stderr.decode().splitlines()
    expect(len(lines) == 1 and "run memcage as root" in lines[0], f"standard error {lines}")


def two_at_once(harness, run):
    """Each run sees its own."""
    quiet = Case(run.case.name, ("sh", "-c", "sleep 1; exec /usr/bin/python3 -c 'print(1)'"), options=FAIL)
    run.keep["report"] = "quiet.json"
    out, err = harness.start(quiet, run, harness.command(quiet, run))
    first = run.process
    run.keep["report"] = "report.json"
    loud = Case(run.case.name, (*PYTHON, "-c", CARRY_ON.format(times=3, then="")), options=FAIL)
    harness.call(loud, run)
    harness.load_report(loud, run)
    seen("python", 3)(run)
    expect(first.poll() is None, "the quiet one ended too early to have run beside the other")
    first.stdin.close()
    expect(first.wait(20 * run.scale) == 0, "the quiet one failed")
    run.process = first
    run.report_text = None
    harness.load_report(Case(run.case.name, report="quiet.json"), run)
    nothing_seen(run)
    for file in (out, err):
        file.close()


def kill_memcage(run):
    run.wait_for(lambda: of_process(run.process.pid), "probes")
    run.wait_for(lambda: run.group.left_processes()[2:], "the command")  # beside memcage and its guard
    time.sleep(0.1)
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    run.wait_for(lambda: not of_process(run.process.pid), "the guard to remove the probes")


def kill_both(run):
    """Without a guard only doctor --clean is left."""
    run.wait_for(lambda: of_process(run.process.pid), "probes")
    run.wait_for(lambda: run.group.left_processes()[2:], "the command")  # beside memcage and its guard
    time.sleep(0.1)
    children = subprocess.run(["pgrep", "-P", str(run.process.pid), "-x", "memcage-guard"], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.split()
    expect(len(children) == 1, f"guards {children}")
    os.kill(int(children[0]), signal.SIGKILL)
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()


def cleaned(run):
    left = of_process(run.process.pid)
    expect(left, "nothing was left to clean: the case proves nothing")
    words = run.process.args[0]
    told = subprocess.run([words, "doctor"], stdout=subprocess.PIPE, text=True, check=False).stdout
    expect("sets of crashed runs" in told, f"doctor does not tell of them: {told}")
    subprocess.run([words, "doctor", "--clean"], stdout=subprocess.DEVNULL, check=False)
    expect(not of_process(run.process.pid), f"left after doctor --clean: {of_process(run.process.pid)}")


def end_what_is_left(run):
    def end():
        for pid in run.group.left_processes():
            os.kill(pid if isinstance(pid, int) else pid[0], signal.SIGKILL)
    run.cleanups.append(end)


CASES = [
    # the heap's own limit: no call of the system fails anywhere
    case("java_caught", (*JAVA, "caught"), RECOVERED, 0, KILL, seen("java", heap=True, text="Java heap space", in_main=1),
         "runtime_java"),
    case("java_uncaught", (*JAVA, "grow"), "alloc_failure/runtime_heap", 1, KILL, seen("java", heap=True),
         "runtime_java", confidence=SURE),
    case("java_in_a_child", script(*JAVA, "grow"), "alloc_failure/runtime_heap", 1, KILL,
         seen("java", heap=True, in_main=0), "runtime_java", confidence=SURE),
    case("java_caught_in_a_child", ("sh", "-c", '"$@"; exit 7', "sh", *JAVA, "caught"), "failed/exit", 7, KILL,
         seen("java", heap=True, in_main=0), "runtime_java", confidence=("medium",)),
    case("java_hello", (*JAVA, "hello"), READ, 0, KILL, nothing_seen, "runtime_java"),
    case("node_heap", NODE_CAP, "alloc_failure/runtime_heap", 134, KILL,
         seen("node", heap=True, text="heap limit"), "runtime_node", confidence=SURE),
    case("node_in_a_child", script(*NODE_CAP), "alloc_failure/runtime_heap", 134, KILL, seen("node", heap=True, in_main=0),
         "runtime_node", confidence=SURE),
    case("node_hello", ("node", source("allocate.js"), "hello"), READ, 0, KILL, nothing_seen, "runtime_node"),
    case("php_heap", ("php", "-d", "memory_limit=32M", source("allocate.php"), "grow"), "alloc_failure/runtime_heap", 255,
         KILL, seen("php", heap=True, text="Allowed memory size"), "runtime_php", confidence=SURE),
    case("php_other_error", ("php", "-r", "trigger_error('Allowed memory size of', E_USER_ERROR);"), "failed/exit", 255,
         KILL, nothing_seen, "runtime_php", confidence=PROBABLE),

    # the preloaded library saw the same refusal: one failure
    case("python_caught", (*PYTHON, "-c", CARRY_ON.format(times=1, then="")), RECOVERED, 0, FAIL, seen("python"), "python"),
    case("python_carries_on", (*PYTHON, "-c", CARRY_ON.format(times=5, then="")), RECOVERED, 0, FAIL, seen("python", 5),
         "python"),
    case("python_threads", (*PYTHON, "-c", THREADS), RECOVERED, 0, FAIL, seen("python", 4), "python"),
    case("python_uncaught", (*PYTHON, "-c", "[0] * 10**9"), "alloc_failure/refused", 1, FAIL, seen("python"), "python",
         confidence=SURE),
    case("python_without_the_library", (*PYTHON, "-c", "[0] * 10**9"), "alloc_failure/refused", 1,
         ("-m", "256M", "--at-limit", "fail", *ALONE), seen("python"), "python", confidence=SURE),
    case("python_empty_environment", ("sh", "-c", 'env -i "$@"', "sh", *PYTHON, "-c", CARRY_ON.format(times=2, then="")),
         RECOVERED, 0, FAIL, seen("python", 2, in_main=0), "python"),
    case("python_short_child", ("sh", "-c", '/usr/bin/python3 -ISc "$1" & wait $!', "sh", CARRY_ON.format(times=1, then="")),
         RECOVERED, 0, FAIL, seen("python", in_main=0), "python"),
    case("python_raises_itself", (*PYTHON, "-c", "raise MemoryError"), "failed/exit", 1, FAIL, nothing_seen, "python",
         confidence=PROBABLE),
    case("python_hello", (*PYTHON, "-c", "print(1)"), READ, 0, KILL, nothing_seen, "python"),
    case("ruby_caught", ("ruby", source("allocate.rb"), "caught"), RECOVERED, 0, TIGHT, seen("ruby", count=2),
         "runtime_ruby"),
    case("ruby_garbage", ("ruby", source("allocate.rb"), "garbage"), READ, 0, TIGHT, nothing_seen, "runtime_ruby"),
    case("perl", ("perl", source("allocate.pl"), "uncaught"), "alloc_failure/refused", (1, 12), TIGHT, seen("perl"),
         "runtime_perl", confidence=SURE),
    case("perl_hello", ("perl", "-e", "print 1"), READ, 0, TIGHT, nothing_seen, "runtime_perl"),
    case("cpp_caught", (BUILT + "cpp", "caught"), RECOVERED, 0, TIGHT, seen("c++"), "runtime_c++"),
    case("cpp_uncaught", (BUILT + "cpp", "uncaught"), "alloc_failure/refused", 134, TIGHT, seen("c++"), "runtime_c++",
         confidence=SURE),
    case("cpp_other_exceptions", ("{dir}/other",), "failed/crash", 134, TIGHT, nothing_seen, "runtime_c++",
         setup=other_exception, files=("other", "other.cpp")),
    case("rust", (BUILT + "rust", "uncaught"), "alloc_failure/refused", 134, TIGHT, seen("rust"), "runtime_rust",
         confidence=SURE),

    # a static program, into which no library gets
    case("go", (BUILT + "go", "uncaught"), "alloc_failure/refused", 2, FAIL, seen("go"), "runtime_go", confidence=SURE),
    case("go_grows", (BUILT + "go", "grow"), "alloc_failure/refused", 2, FAIL, seen("go"), "runtime_go", confidence=SURE),
    case("go_in_a_child", script(BUILT + "go", "grow"), "alloc_failure/refused", 2, FAIL, seen("go", in_main=0),
         "runtime_go", confidence=SURE),
    case("go_deadlock", ("{dir}/deadlock",), "failed/exit", 2, FAIL, nothing_seen, "go",
         setup=go_source("deadlock", DEADLOCK), files=("deadlock", "deadlock.go"), confidence=PROBABLE),
    case("go_hello", (BUILT + "go", "hello"), READ, 0, FAIL, nothing_seen, "runtime_go"),

    # found when a process executes it, or has it mapped
    case("program_in_odd_place", script("{dir}/snake", "-c", "import time; time.sleep(1)" + CARRY_ON.format(times=1, then="")), RECOVERED, 0, FAIL,
         seen("python", in_main=0), "python", setup=python_in_odd_place, files=("snake",)),
    case("library_in_odd_place", ("env", "LD_LIBRARY_PATH={dir}/odd", "{dir}/late"), RECOVERED, 0, TIGHT, seen("c++"),
         "runtime_c++", setup=library_in_odd_place, files=("odd", "late", "late.cpp")),
    case("without_groups", script(BUILT + "cpp", "caught"), RECOVERED, 0,
         ("--backend", "rlimit", "--allow-degraded", *TIGHT), seen("c++", in_main=0), "runtime_c++", backend="rlimit",
         confidence=PROBABLE),
    Case("inside/not_root", ("exit_with", "0"), None, 125,
         ALONE, caller=become_nobody, report="", check=told_what_it_needs),

    case("two_at_once", (), None, 0, FAIL, None, "python", drive=two_at_once, files=("quiet.json",)),
    case("memcage_killed", ("sh", "-c", "sleep 1000; exit 1"), None, -9, FAIL, None, during=kill_memcage,
         leaves_group=True),
    case("memcage_and_guard_killed", ("sh", "-c", "sleep 1000; exit 1"), None, -9, FAIL, cleaned, during=kill_both,
         leaves_group=True, leaves_processes=True, setup=end_what_is_left, alone=True),
    # the other witnesses are told apart
    Case("inside/not_by_itself", (*PYTHON, "-c", CARRY_ON.format(times=1, then="")), RECOVERED, 0,
         ("-m", "256M", "--at-limit", "fail", *TODAY), needs=("python",),
         check=lambda run: expect(run.get("alloc_failures.runtime", "absent") is None, "probes nobody asked for")),
]
