# SPDX-License-Identifier: MIT
"""Compiled programs: C with several libraries and allocators, C++, Rust, and Go."""

from harness import PROBABLE
from runtimes import BUILT, HUGE, MIB, READ, every, matrix, message, not_covered, nothing_refused, refused, row

FAIL = ("-m", "64M", "--at-limit", "fail")
GO_KILL = ("-m", "256M")
GO_FAIL = (*GO_KILL, "--at-limit", "fail")


COVERED = {"check": nothing_refused}


def outside(verdict, check):
    return {"verdict": verdict, "check": check, "confidence": ("medium",)}


def c(name, program, need, near=48, more=()):
    cases = matrix(name, (BUILT + program,), (need,), 64, near, HUGE, caught=True, uncaught=3, grown=3)
    for case in cases:
        case.options = (*case.options, *more)
    return cases


def preloaded(name, library, need, near=48):
    """The allocator of a caller's LD_PRELOAD stays, and the witness stands before it."""
    return c(name + "_preloaded", "c_glibc", need, near, ("--env", "LD_PRELOAD=" + library))


CASES = [
    *c("c_glibc", "c_glibc", "runtime_cc"),
    *c("c_musl", "c_musl", "runtime_musl"),
    # jemalloc asks for more address space than it uses, which RLIMIT_DATA counts and the second look does not
    *c("c_jemalloc", "c_jemalloc", "runtime_jemalloc"),
    *c("c_tcmalloc", "c_tcmalloc", "runtime_tcmalloc"),
    *preloaded("c_jemalloc", "libjemalloc.so.2", "runtime_jemalloc"),
    *preloaded("c_tcmalloc", "libtcmalloc_minimal.so.4", "runtime_tcmalloc"),
    *matrix("c++", (BUILT + "cpp",), ("runtime_c++",), 64, 48, HUGE, caught=True, uncaught=134, grown=134, texts="c++"),
    *matrix("rust", (BUILT + "rust",), ("runtime_rust",), 64, 48, HUGE, caught=True, uncaught=134, grown=134,
            texts="rust"),

    # A static program: the preloaded witness cannot enter, and C has no message of its own. So a
    # refusal, caught or not, is not seen, and the report says who was not covered. From outside it is
    # a program like any other.
    row("c_static/caught", (BUILT + "c_static", "caught"), "ok/clean", 0, FAIL, not_covered, ("runtime_cc",),
        outside=outside("ok/recovered_alloc_failure", refused(HUGE))),
    row("c_static/uncaught", (BUILT + "c_static", "uncaught"), "failed/exit", 3, FAIL, not_covered, ("runtime_cc",),
        confidence=("high", "medium"), outside=outside("alloc_failure/refused", refused(HUGE))),
    row("c_static/grow", (BUILT + "c_static", "grow"), "failed/exit", 3, FAIL, not_covered, ("runtime_cc",),
        confidence=("high", "medium"), outside=outside("alloc_failure/refused", refused(MIB))),
    row("c_static/killed", (BUILT + "c_static", "grow"), "oom_kill/own_limit", 137, FAIL[:2], not_covered,
        ("runtime_cc",), victim="main", outside=COVERED),
    row("c_static/near", (BUILT + "c_static", "near", "48"), READ, 0, FAIL, not_covered, ("runtime_cc",),
        outside=COVERED),

    # Go is static too, but says it: its text, its documented end, and a limit inside the process.
    row("go/hello", (BUILT + "go", "hello"), "ok/clean", 0, GO_FAIL, not_covered, ("runtime_go",),
        outside=COVERED),
    row("go/near", (BUILT + "go", "near", "150"), READ, 0, GO_FAIL, not_covered, ("runtime_go",),
        outside=COVERED),
    row("go/uncaught", (BUILT + "go", "uncaught"), "alloc_failure/refused", 2, GO_FAIL,
        every(not_covered, message("go")), ("runtime_go",), confidence=PROBABLE,
        outside={"check": every(refused(MIB), message("go"))}),
    row("go/grow", (BUILT + "go", "grow"), "alloc_failure/refused", 2, GO_FAIL,
        every(not_covered, message("go")), ("runtime_go",), confidence=PROBABLE,
        outside={"check": every(refused(MIB), message("go"))}),
    row("go/killed", (BUILT + "go", "grow"), "oom_kill/own_limit", 137, GO_KILL, not_covered, ("runtime_go",),
        victim="main", outside=COVERED),

    # a refusal in a child that the command itself survives in name only
    row("c_glibc/in_a_child", ("sh", "-c", '"$0" uncaught; exit 4', BUILT + "c_glibc"), "alloc_failure/refused", 4,
        FAIL, refused(HUGE), ("runtime_cc",), confidence=PROBABLE),
]
