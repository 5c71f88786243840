#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""memcage batch beside the floor: how many runs of /bin/true a second, and what a run costs.

    tests/bench/batch.py --program build/memcage [--runs 2000] [--pairs 5] [--jobs 2] [--alive 1000]

Interleaves rounds of batch and of floor.c, which is compiled first, in a group of its own (root, cgroup v1 or
v2). Then behind walls, beside bubblewrap by xargs, and the first again with idle cages beside, with the memory that
those take. Prints medians; asserts nothing.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tests/live"))
sys.dont_write_bytecode = True

from groups import World, read  # noqa: E402


def jobs_file(directory, name, count, argv):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="ascii") as file:
        for number in range(count):
            file.write(json.dumps({"id": str(number), "argv": argv}) + "\n")
    return path


def timed(words, **arguments):
    """(seconds, CPU seconds of it and its children)"""
    before, begin = os.times(), time.monotonic()
    subprocess.run(words, check=True, **arguments)
    seconds, after = time.monotonic() - begin, os.times()
    return seconds, after.children_user + after.children_system - before.children_user - before.children_system


def tell(rows, runs, other, name_of_other):
    """What the pairs came to: rows of (seconds, CPU seconds) for runs each, of batch and of another."""
    for name, rounds in rows.items():
        print(f"  {name}: {runs / statistics.median(one[0] for one in rounds):7.1f} runs a second, "
              f"{statistics.median(one[1] for one in rounds) / runs * 1000:.2f} ms of CPU time each")
    shares = [two[0] / one[0] for one, two in zip(rows["batch"], rows[other])]
    print(f"  throughput of batch by that of {name_of_other}: {statistics.median(shares):.2f} "
          f"({min(shares):.2f} to {max(shares):.2f})")


def compare(options, group, floor, jobs, directory):
    rows = {"batch": [], "floor": []}
    for _ in range(options.pairs):
        with open(os.path.join(directory, "reports"), "wb") as out:
            rows["batch"].append(timed([options.program, "batch", "-q", "-m", "64M", "--jobs", str(options.jobs), jobs],
                                       stdout=out, preexec_fn=group.enter))
        rows["floor"].append(timed([floor, group.main, str(options.runs), str(options.jobs), "/bin/true"],
                                   stdout=subprocess.DEVNULL))
    tell(rows, options.runs, "floor", "the floor")


def compare_untrusted(options, group, directory):
    """Behind walls: batch with the policy untrusted, and bubblewrap with its namespaces by xargs."""
    if shutil.which("bwrap") is None:
        print("  no bubblewrap here: not compared")
        return
    runs = options.runs // 5
    jobs = jobs_file(directory, "untrusted", runs, ["/bin/true"])
    walls = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "/bin/true"]
    rows = {"batch": [], "bwrap": []}
    for _ in range(options.pairs):
        rows["batch"].append(timed([options.program, "batch", "-q", "-m", "64M", "-p", "untrusted", "--jobs",
                                    str(options.jobs), jobs], stdout=subprocess.DEVNULL, preexec_fn=group.enter))
        with open(jobs, "rb") as numbers:   # one word for each
            rows["bwrap"].append(timed(["xargs", "-d", "\\n", "-P", str(options.jobs), "-n", "1", *walls],
                                       stdin=numbers))
    tell(rows, runs, "bwrap", "bubblewrap")


def idle(options, group, directory):
    """A batch with idle cages; waits until all are there."""
    path = jobs_file(directory, "idle", options.alive, ["/bin/sleep", "3600"])
    batch = subprocess.Popen([options.program, "batch", "-q", "-m", "64M", "--jobs", str(options.alive), path],
                             stdout=subprocess.DEVNULL, preexec_fn=group.enter)
    children = f"/proc/{batch.pid}/task/{batch.pid}/children"
    begin = time.monotonic()
    while len(read(children).split()) < options.alive + 1 and time.monotonic() < begin + 300:
        time.sleep(0.2)
    time.sleep(1)
    memory = [line.split()[1] for line in read(f"/proc/{batch.pid}/status").splitlines() if line.startswith("VmHWM")]
    print(f"{options.alive} idle cages after {time.monotonic() - begin:.1f} s: at most {int(memory[0]) / 1024:.1f} MiB")
    return batch


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(SOURCE, "build/memcage"))
    parser.add_argument("--world", choices=("v1", "v2"), help="default: where a group can be made")
    for name, value in (("runs", 2000), ("pairs", 5), ("jobs", 2), ("alive", 1000)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    possible = [world for world in ("v1", "v2") if not World.why_not(world)]
    if not possible:
        sys.exit("no group can be made here")
    world = World(options.world or possible[0])
    try:
        with tempfile.TemporaryDirectory() as directory:
            floor = os.path.join(directory, "floor")
            subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", f"-I{SOURCE}/runner", "-o", floor, f"{HERE}/floor.c",
                            f"{SOURCE}/runner/base/text.c"], check=True)
            jobs = jobs_file(directory, "jobs", options.runs, ["/bin/true"])
            group, beside = world.group("bench"), world.group("idle")
            print(f"{options.jobs} at a time:")
            compare(options, group, floor, jobs, directory)
            print("untrusted:")
            compare_untrusted(options, group, directory)
            batch = idle(options, beside, directory)
            print("beside them:")
            compare(options, group, floor, jobs, directory)
            batch.terminate()
            batch.wait()
    finally:
        world.close()


if __name__ == "__main__":
    main()
