# SPDX-License-Identifier: MIT
"""Interpreters and tools: Python, Perl, Ruby, Lua, PHP, R, bash, sort and awk."""

import os

from harness import PROBABLE, SURE, expect
from runtimes import HUGE, MIB, READ, every, matrix, message, nothing_refused, refused, row, source

KILL = ("-m", "128M")
FAIL = (*KILL, "--at-limit", "fail")
PYTHON = ("/usr/bin/python3", source("allocate.py"))
LUA_HUGE = 2 * 10**9    # a longer string is an error of the language, and no request


def eight_gigabytes(run):
    first = run.get("alloc_failures.first") or {}
    expect(HUGE <= first.get("request_bytes", 0) < HUGE + MIB, f"request_bytes {first.get('request_bytes')}")
    expect(run.get("alloc_failures.count") == 1, f"one MemoryError is one refusal: {run.get('alloc_failures')}")


def awk(name, check=None):
    argv = (name, "-f", source("allocate.awk"), "-v", "mib=40")
    need = ("runtime_" + name,)
    return [
        row(f"{name}/grow", (*argv, "-v", "mode=grow"), "alloc_failure/refused", 2, FAIL,
            every(refused(MIB), message(name)), need, confidence=SURE),
        row(f"{name}/killed", (*argv, "-v", "mode=grow"), "oom_kill/own_limit", 137, KILL, needs=need, victim="main"),
        row(f"{name}/near", (*argv, "-v", "mode=near"), READ, 0, FAIL, nothing_refused, need),
    ]


def file_of(mib):
    """Zeros, which take no place: one line as long as the file."""
    def setup(run):
        with open(run.path("zeros"), "wb") as file:
            file.truncate(mib * MIB)
    return dict(setup=setup, files=("zeros",))


def own_temporary(cases):
    """A killed R leaves its directory of temporary files."""
    def setup(run):
        os.mkdir(run.path("tmp"))
    for case in cases:
        case.options += ("--env", "TMPDIR={dir}/tmp")
        case.setup, case.files = setup, ("tmp",)
    return cases


CASES = [
    *matrix("python", PYTHON, ("python",), 128, 80, HUGE, caught=True, uncaught=1, grown=1, texts="python",
            line=("allocate.py:8", "allocate.py:12", "allocate.py:16")),
    row("python/eight_gigabytes", (*PYTHON, "caught"), "ok/recovered_alloc_failure", 0, FAIL, eight_gigabytes,
        ("python",)),
    # pymalloc's refused arenas are soft: malloc() is asked next
    row("python/objects", (*PYTHON, "objects"), "alloc_failure/refused", 1, FAIL,
        every(refused(1, "allocate.py:20"), message("python")), ("python",), confidence=PROBABLE),
    row("python/numpy", (*PYTHON, "numpy"), "alloc_failure/refused", 1, FAIL,
        every(refused(10**9), message("numpy")), ("runtime_numpy",), confidence=SURE),
    *matrix("perl", ("perl", source("allocate.pl")), ("runtime_perl",), 128, 48, HUGE, uncaught=(1, 12),
            grown=(1, 12), texts="perl"),
    *matrix("ruby", ("ruby", source("allocate.rb")), ("runtime_ruby",), 128, 32, HUGE, caught=True, uncaught=1,
            grown=1, texts="ruby"),
    *matrix("lua", ("lua5.4", source("allocate.lua")), ("runtime_lua",), 128, 48, LUA_HUGE, caught=True, uncaught=1,
            grown=1, texts="lua"),
    # a string of 1 MiB takes a chunk of 2 MiB
    *matrix("php", ("php", "-d", "memory_limit=-1", source("allocate.php")), ("runtime_php",), 128, 48, HUGE,
            uncaught=(1, 255), grown=(1, 255), texts="php"),
    *own_temporary(matrix("r", ("Rscript", "--vanilla", source("allocate.R")), ("runtime_r",), 128, 40, HUGE,
                          caught=True, uncaught=1, grown=1, texts="r")),
    *matrix("bash", ("bash", source("allocate.sh")), ("runtime_bash",), 64, 24, grown=2, texts="bash"),
    *awk("mawk"),
    *awk("gawk"),
    # no file: with its pages to take back, the kernel can go on for a minute before it kills
    row("sort/grow", ("sort", "/dev/zero"), "alloc_failure/refused", 2, FAIL, every(refused(MIB), message("gnu")),
        ("runtime_sort",), confidence=SURE),
    row("sort/killed", ("sort", "/dev/zero"), "oom_kill/own_limit", 137, KILL, needs=("runtime_sort",), victim="main"),
    row("sort/near", ("sort", "-o", "/dev/null", "zeros"), READ, 0, FAIL, nothing_refused, ("runtime_sort",),
        **file_of(20)),
]
