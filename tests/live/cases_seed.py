# SPDX-License-Identifier: MIT
"""The programs that the project began with, at 256 MiB: a list of 10**9 numbers and a large file."""

from harness import PROBABLE, Case, expect

PYTHON = ("/usr/bin/python3", "-c")
KILL = ("-m", "256M")
FAIL = (*KILL, "--at-limit", "fail")
LIST = "huge = [0] * (10**9)"
CAUGHT = f"""
try:
    {LIST}
except MemoryError:
    print("Failed to allocate memory for the huge list.")
"""
LOAD = "data = open('big').read()"
STREAM = "count = sum(1 for line in open('big'))"
FALL_BACK = f"""
try:
    {LOAD}
except MemoryError:
    {STREAM}
"""
LEAK = """
kept = []
while True:
    kept.append(bytearray(1 << 20))
"""
WRONG = f"""
for attempt in range(3):
    try:
        {LIST}
    except MemoryError:
        pass
raise SystemExit(1)
"""


def big_file(run):
    line = b"0123456789abcdef" * 8 + b"\n"
    with open(run.path("big"), "wb") as file:
        for _ in range(300):
            file.write(line * (8 << 10))


def with_memory_error(run):
    expect(b"MemoryError" in run.stderr, "no MemoryError on standard error")
    expect(run.get("alloc_failures.count", 0) >= 1, f"{run.get('alloc_failures')}")
    expect(run.get("alloc_failures.largest_bytes", 0) >= 8 * 10**9, f"{run.get('alloc_failures')}")


def says_caught(run):
    expect(run.stdout == b"Failed to allocate memory for the huge list.\n", f"standard output is {run.stdout!r}")


def grows(run):
    points = [point["memory_bytes"] for point in run.get("timeline", [])]
    expect(len(points) >= 3, f"the timeline has {len(points)} points")
    growing = points[:points.index(max(points)) + 1]  # behind the peak the kill frees it all
    expect(len(growing) >= 3, f"the timeline has its peak too early: {points}")
    # a start-up gives a little back at times, a leak as a whole does not
    quarters = [growing[(len(growing) - 1) * part // 4] for part in range(5)]
    expect(quarters == sorted(quarters) and quarters[0] < quarters[-1], f"the timeline does not grow: {points}")


def twice(run):
    expect(run.get("alloc_failures.count", 0) >= 2, f"{run.get('alloc_failures')}")


def seed(name, code, verdict, status, options, **more):
    needs = ("python", *more.pop("needs", ()))
    return Case("seed/" + name, (*PYTHON, code), verdict, status, options, needs=needs, **more)


BIG = dict(setup=big_file, files=("big",), alone=True, timeout=60)
READ = ("ok/clean", "ok/under_pressure")

CASES = [
    seed("list_fail", LIST, "alloc_failure/refused", 1, FAIL, check=with_memory_error),
    seed("list_caught_fail", CAUGHT, "ok/recovered_alloc_failure", 0, FAIL, check=says_caught),
    seed("list_caught_kill", CAUGHT, "oom_kill/own_limit", 137, KILL, victim="main",
         needs=("room_for_8g",)),
    seed("stream_file_kill", STREAM, READ, 0, KILL, **BIG),
    seed("stream_file_fail", STREAM, READ, 0, FAIL, **BIG),
    seed("load_file_kill", LOAD, "oom_kill/own_limit", 137, KILL, **BIG),
    seed("load_file_fail", LOAD, "alloc_failure/refused", 1, FAIL, confidence=PROBABLE, **BIG),
    seed("load_or_stream_fail", FALL_BACK, "ok/recovered_alloc_failure", 0, FAIL, **BIG),
    seed("leak_kill", LEAK, "oom_kill/own_limit", 137, KILL, alone=True, check=grows),
    seed("leak_fail", LEAK, "alloc_failure/refused", 1, FAIL, confidence=PROBABLE),
    seed("caught_and_ignored_fail", WRONG, "alloc_failure/refused", 1, FAIL, confidence=PROBABLE, check=twice),
]
