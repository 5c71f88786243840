# SPDX-License-Identifier: MIT
"""Refusals that do no harm, many times over; and words that mean nothing."""

from harness import PROBABLE, expect
from runtimes import BUILT, READ, every, nothing_refused, refused, repeat, row, source

TIMES = 20
FAIL_128 = ("-m", "128M", "--at-limit", "fail")
FAIL_256 = ("-m", "256M", "--at-limit", "fail")
AS_512M = ("sh", "-c", 'ulimit -v 524288; exec "$@"', "sh")    # arenas and stacks are probed for and refused
JAVA = ("java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx32m", "-XX:ReservedCodeCacheSize=16m",
        "-XX:CompressedClassSpaceSize=16m", "-cp", BUILT, "Allocate", "hello")
MESSAGES = ("/usr/bin/python3", source("messages.py"))
MESSAGE_COUNT = 21


def retried(run):
    expect(run.get("alloc_failures.retried", 0) > 0, f"the collector met no refusal: {run.get('alloc_failures')}")


def most_retried(run):
    """The collector's next attempt is served from what it freed, which is no system call. Only that
    the heap grows later shows it; after the last refusals of a run it does not. And on a busy machine
    50 ms pass between two ways of one malloc(), which are two refusals then."""
    count, retried_count = run.get("alloc_failures.count"), run.get("alloc_failures.retried")
    expect(retried_count > 0 and count < retried_count, f"{run.get('alloc_failures')}")


def noisy(name, argv, options, needs, check=nothing_refused, **more):
    return row("noise/" + name, argv, READ, 0, options, check, needs, drive=repeat(TIMES), **more)


def grows(name, argv, status, needs):
    return row("noise/" + name, argv, "alloc_failure/refused", status, FAIL_128, refused(1), needs,
               confidence=PROBABLE, drive=repeat(TIMES))


def words(number, status):
    """Text alone is never enough for any verdict."""
    verdict = "failed/exit" if status > 0 else "failed/crash"
    return row(f"words/{'all' if number < 0 else number}_{status}", (*MESSAGES, str(number), str(status)), verdict,
               status if status > 0 else 128 - status, ("-m", "64M", "--at-limit", "fail"), nothing_refused, ("python",),
               confidence=("certain", "high", "medium"))


CASES = [
    noisy("ruby_garbage", ("ruby", source("allocate.rb"), "garbage"), ("-m", "80M", "--at-limit", "fail"),
          ("runtime_ruby",), every(nothing_refused, retried),
          outside={"verdict": (*READ, "ok/recovered_alloc_failure"), "check": most_retried,
                   "confidence": PROBABLE}),
    noisy("java_arenas", (*AS_512M, *JAVA), ("-m", "256M"), ("runtime_java",)),
    noisy("c_threads", (BUILT + "c_glibc", "threads"), ("-m", "64M", "--at-limit", "fail"), ("runtime_cc",)),
    noisy("c_threads_arenas", (*AS_512M, BUILT + "c_glibc", "threads"), ("-m", "64M"), ("runtime_cc",)),
    noisy("jemalloc_threads", (BUILT + "c_jemalloc", "threads"), ("-m", "64M", "--at-limit", "fail"),
          ("runtime_jemalloc",)),
    noisy("tcmalloc_threads", (BUILT + "c_tcmalloc", "threads"), ("-m", "64M", "--at-limit", "fail"),
          ("runtime_tcmalloc",)),
    # what fits is never failed, what does not is refused and not killed
    noisy("java_fits", (*JAVA[:3], "-Xmx64m", "-cp", BUILT, "Allocate", "near", "40"), FAIL_256, ("runtime_java",)),
    noisy("node_fits", ("node", source("allocate.js"), "near", "100"), FAIL_256, ("runtime_node",)),
    noisy("python_fits", ("/usr/bin/python3", source("allocate.py"), "near", "80"), FAIL_128, ("python",)),
    noisy("musl_threads", (BUILT + "c_musl", "threads"), ("-m", "64M", "--at-limit", "fail"), ("runtime_musl",)),
    grows("cpp_grows", (BUILT + "cpp", "grow"), 134, ("runtime_c++",)),
    grows("musl_grows", (BUILT + "c_musl", "grow"), 3, ("runtime_musl",)),
    grows("ruby_grows", ("ruby", source("allocate.rb"), "grow"), 1, ("runtime_ruby",)),
    # node is node, and neither Java nor its own end
    row("words/java_by_node", ("node", "-e", 'console.error("java.lang.OutOfMemoryError: x"); process.exit(1)'),
        "failed/exit", 1, ("-m", "256M"), nothing_refused, ("runtime_node",), confidence=("certain", "high", "medium")),
    row("words/other_end", ("node", "-e", 'console.error("FATAL ERROR: Reached heap limit Allocation failed - ");'
                            "process.exit(1)"), "failed/exit", 1, ("-m", "256M"), nothing_refused, ("runtime_node",),
        confidence=("certain", "high", "medium")),
    words(-1, 1), words(-1, 2), words(-1, -6),
    *(words(number, 1) for number in range(MESSAGE_COUNT)),
]
