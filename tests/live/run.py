#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Live tests: real commands in real cages, one line per case.

    tests/live/run.py --program build/memcage --workloads build/tests/workloads --world v1

Prints `ok NAME`, `not ok NAME: why` with the report's excerpt, or `skip NAME: reason`, and at the
end `N passed, N failed, N skipped`. Exits 1 when a case failed. `again NAME: why` is a failure that is
looked at once more when nothing else runs. The cases are in cases_*.py.
"""

import argparse
import fnmatch
import glob
import importlib
import json
import multiprocessing
import os
import re
import shutil
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from groups import KernelLog, World, read  # noqa: E402
from mounts import own_shared_memory           # noqa: E402
from harness import Harness, Mismatch, strays, wait_for_no_strays  # noqa: E402
import runtimes                                # noqa: E402
import watched                                 # noqa: E402

CAP_SYS_ADMIN = 21
CAP_SYS_RESOURCE = 24
OPTIONAL = {"git", "go", "java", "node", "php", "systemd_run", "uprobes"}  # nobody is asked for these: a skip even with --strict


OPTIONAL_IN_GUEST = {"bpf"}  # user-mode-linux has none: its cases run on a host and in qemu


def capability(number):
    match = re.search(r"^CapEff:\s*([0-9a-f]+)$", read("/proc/self/status"), re.MULTILINE)
    return bool(int(match.group(1), 16) >> number & 1)


def prerequisites(options, log, cases):
    """What cases may need: {name: why it is missing, or None}."""
    return {
        "cap_sys_resource": None if capability(CAP_SYS_RESOURCE) else "needs CAP_SYS_RESOURCE",
        "bpf": why_no_bpf(options.program),
        "no_bpf_in_the_system": None if not glob.glob("/usr/local/lib*/memcage/libmemcage-bpf.so") else
                                "memcage is installed with its bpf witness",
        "kernel_log": None if log.readable() else "/dev/kmsg cannot be read",
        "room_for_8g": why_no_room(8 * 10**9),
        "go": "a virtual machine is too slow to compile Go" if options.guest else
              None if os.access("/usr/bin/go", os.X_OK) else "no /usr/bin/go",
        "git": why_not_found("git"),
        "uprobes": None if os.access("/sys/kernel/tracing/uprobe_events", os.W_OK) else "no /sys/kernel/tracing/uprobe_events",
        "java": why_not_found("java"),
        "node": why_not_found("node"),
        "gnuplot": why_not_found("gnuplot"),
        "systemd_run": why_not_found("systemd-run"),
        "php": why_not_found("php"),
        "python": None if os.access("/usr/bin/python3", os.X_OK) else "no /usr/bin/python3",
        **runtimes.prepare([need for case in cases for need in case.needs], os.path.abspath(options.workloads)),
    }


def why_no_bpf(program):
    """The module is built, and this kernel and our privileges are as it needs them."""
    if not os.path.exists(os.path.join(os.path.dirname(os.path.abspath(program)), "libmemcage-bpf.so")):
        return "memcage was built without the bpf witness (clang, libbpf-dev)"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "this kernel has no /sys/kernel/btf/vmlinux"
    return None if capability(CAP_SYS_ADMIN) else "the bpf witness needs root"


def why_not_found(program):
    return None if shutil.which(program) else f"{program} is not installed"


def why_no_room(request_bytes):
    """Whether the kernel would grant one request of that size: its heuristic looks at RAM and swap."""
    if read("/proc/sys/vm/overcommit_memory").strip() == "1":
        return None
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB$", read("/proc/meminfo"), re.MULTILINE))
    host_bytes = (int(found["MemTotal"]) + int(found["SwapTotal"])) << 10
    return None if host_bytes > request_bytes else f"{host_bytes >> 20} MiB of RAM: the host refuses {request_bytes} bytes"


def load_cases(options):
    cases = []
    for path in sorted(glob.glob(os.path.join(HERE, "cases_*.py"))):
        cases += importlib.import_module(os.path.basename(path)[:-3]).CASES
    names = [case.name for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        sys.exit(f"two cases with one name: {', '.join(sorted(twice))}")
    here = {options.world, "guest"} if options.guest else {options.world}
    chosen = [case for case in cases if here & set(case.worlds)
              and any(fnmatch.fnmatch(case.name, pattern) for pattern in options.only or ["*"])
              and not any(fnmatch.fnmatch(case.name, pattern) for pattern in options.skip)
              and (not options.guest or watched.in_a_guest(case))]
    if options.witness:
        chosen = [watched.by(case, options.witness) for case in chosen if case.witness]
    if options.unwatched:
        chosen = watched.unwatched_too(case for case in chosen if case.witness)
    return sorted(chosen, key=lambda case: (case.alone or case.log, bool(case.drive)))


def validator(path):
    from jsonschema import Draft202012Validator
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


class NoValidator:
    """With --no-schema: somebody validates the kept reports later."""

    @staticmethod
    def iter_errors(_report):
        return []


def perform(options, harness, missing, case):
    """(outcome, line) of one case."""
    for need in case.needs:
        if missing[need]:
            optional = need in OPTIONAL or need in runtimes.TOOLS or (options.guest and need in OPTIONAL_IN_GUEST)
            return "absent" if optional else "unmet", f"skip {case.name}: {missing[need]}"
    started = time.monotonic()
    try:
        harness.perform(case)
    except Mismatch as mismatch:
        return "failed", f"not ok {case.name}: {mismatch}"
    except Exception:  # a fault of the harness is a failure of the case, never the end of the rest
        return "failed", f"not ok {case.name}: " + traceback.format_exc().replace("\n", "\n    ")
    return "passed", f"ok {case.name} ({time.monotonic() - started:.2f} s)"


def outcomes(options, harness, missing, cases):
    """One of each case. What fails is tried again when all others are through, with nothing of ours beside it: only
    what fails then, too, has failed. That it took two is told."""
    again = []
    for case, (outcome, line) in first_outcomes(options, harness, missing, cases):
        if outcome == "failed" and case is not None:
            print(line.replace("not ok ", "again ", 1), flush=True)
            again.append(case)
        else:
            yield outcome, line
    for case in again:
        outcome, line = perform(options, harness, missing, case)
        yield outcome, line + " at the second try" if outcome == "passed" else line


def first_outcomes(options, harness, missing, cases):
    """Pairs of a case and what came of it; side by side what can stand side by side, then the rest one by one."""
    together = [case for case in cases if not case.alone and not case.log] if options.jobs > 1 else []
    if together:
        numbers = {id(case): number for number, case in enumerate(cases)}

        def work(number):
            return perform(options, harness, missing, cases[number])

        global _work
        _work = work
        before = strays()
        harness.one_by_one = False
        with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
            yield from zip(together, pool.imap(call_work, [numbers[id(case)] for case in together]))
        harness.one_by_one = True
        harness.log.sample()
        left = wait_for_no_strays(before, 2 * harness.scale)
        yield None, ("failed", f"not ok left/files: {left[:3]}") if left else ("passed", "ok left/files")
    for case in cases:
        if case not in together:
            yield case, perform(options, harness, missing, case)


_work = None


def call_work(number):
    return _work(number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(SOURCE, "build/memcage"))
    parser.add_argument("--workloads", default=os.path.join(SOURCE, "build/tests/workloads"))
    parser.add_argument("--schema", default=os.path.join(SOURCE, "include/memcage/report.schema.json"))
    parser.add_argument("--no-schema", action="store_true", help="do not validate reports here (see --reports)")
    parser.add_argument("--reports", help="keep every report in this directory")
    parser.add_argument("--world", choices=("v1", "v2"))
    parser.add_argument("--prepare", action="store_true",
                        help="only build the programs of the language runtimes; a guest cannot")
    parser.add_argument("--guest", action="store_true", help="this is a virtual machine that may be spoiled")
    parser.add_argument("--scale", type=float, default=1, help="how much slower than a plain machine this is")
    parser.add_argument("--only", action="append", metavar="GLOB")
    parser.add_argument("--skip", action="append", metavar="GLOB", default=[])
    parser.add_argument("--witness", metavar="LIST", help="the rows of the runtimes, as these witnesses see them")
    parser.add_argument("--unwatched", action="store_true",
                        help="the rows of the runtimes at --at-limit kill: whether they end the same unwatched")
    parser.add_argument("--jobs", type=int, default=1, metavar="N")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--strict", action="store_true", help="a missing prerequisite is a failure, but for runtimes")
    parser.add_argument("--runtimes", action="store_true", help="a missing language runtime is a failure too, on a host")
    options = parser.parse_args()
    if options.prepare:
        runtimes.prepare(runtimes.TOOLS, os.path.abspath(options.workloads))
        return 0
    if not options.world:
        parser.error("--world is needed")
    cases = load_cases(options)

    if options.list:
        for case in cases:
            print(f"{case.name:40} {case.verdict}")
        return 0
    reason = World.why_not(options.world)
    if reason:
        print(f"skip live-{options.world}: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        return 1 if options.strict else 0
    if not cases:
        sys.exit("no case has such a name")
    options.program = os.path.abspath(options.program)
    if not os.access(options.program, os.X_OK):
        sys.exit(f"{options.program}: not built")

    own_shared_memory()
    log = KernelLog()
    log.sample()
    missing = prerequisites(options, log, cases)
    world = World(options.world)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    try:
        harness = Harness(world, log, options.program, os.path.abspath(options.workloads),
                          NoValidator if options.no_schema else validator(options.schema),
                          options.scale, options.reports)
        for outcome, line in outcomes(options, harness, missing, cases):
            if (outcome == "unmet" and options.strict) or (
                    outcome == "absent" and options.runtimes and not options.guest):
                outcome, line = "failed", line.replace("skip ", "not ok ", 1)
            elif outcome in ("unmet", "absent"):
                outcome = "skipped"
            counts[outcome] += 1
            print(line, flush=True)
    finally:
        world.close()
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
