#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the snapshot near the limit and --last-words cost programs that fit.

    tests/bench/dossier.py --program build/memcage [--pairs 200] [--only GLOB] [--json FILE]

Runs each program as `memcage run` without a limit, where nobody looks, and under a limit a little above
its peak with --last-words, in pairs, each pair in random order. The exit status and the output have to be
the same, nobody may be asked for last words, and near the limit there has to be a snapshot: else it ends
with status 1. What is compared is the CPU time of the program and its children; see overhead.py for how.
Where the limit makes the kernel take page cache back, that is in the figure, too.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile

import overhead

MIB = 1 << 20
# by how much the limit is above the peak: near it, and far away
PROGRAMS = {
    "python3 allocating, near": (("/usr/bin/python3", "-S", "-c", overhead.PYTHON_ALLOCATIONS + "print(len(kept))"), 1.08),
    "python3 list, near": (("/usr/bin/python3", "-S", "-c", "a = [str(i) for i in range(600000)]; print(len(a))"), 1.08),
    "sort, near": (("sort", "-S", "40M", "{dir}/lines"), 1.2),
    "python3 allocating, far": (("/usr/bin/python3", "-S", "-c", overhead.PYTHON_ALLOCATIONS + "print(len(kept))"), 4),
}


class Dossier(overhead.Bench):
    all = ()    # the pairs of all programs, in parts of what each takes without a limit

    def build(self):
        super().build()
        with open(self.path("lines"), "w", encoding="ascii") as file:
            file.writelines(f"{random.random()} {i}\n" for i in range(250000))

    def once(self, argv, *options):
        """(CPU ms, passed ms), the digest of what it printed, the report."""
        done = subprocess.run([self.options.program, "run", "-q", "--witness", "none", "-r", self.path("report"), *options, "--",
                               self.path("own_time"), self.path("time"), *argv], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        with open(self.path("report"), encoding="utf-8") as file:
            report = json.load(file)
        with open(self.path("time"), encoding="ascii") as file:
            time = [int(word) / 1000 for word in file.read().split()]
        return time, (done.returncode, hashlib.sha256(done.stdout).hexdigest()), report

    def compare(self, name, count):
        argv, room = PROGRAMS[name]
        argv = [word.replace("{dir}", self.directory) for word in argv]
        _, wanted, report = self.once(argv)
        peak = max(self.once(argv)[2]["memory"]["peak_bytes"], report["memory"]["peak_bytes"])
        limit = (int(peak * room) // MIB + 2) * MIB
        pairs, snapshots, wrong = [], 0, []
        for _ in range(count):
            seen = {}
            for limited in random.sample((False, True), 2):
                time, end, report = self.once(argv, *(("-m", str(limit), "--last-words") if limited else ()))
                seen[limited] = time
                if end != wanted or report["verdict"] != "ok" or report.get("last_words"):
                    wrong.append((limited, end, report["verdict"], report.get("last_words")))
                snapshots += limited and report.get("snapshot") is not None
            pairs.append((seen[False], seen[True]))
        pairs = [(one[0], other[0]) for one, other in pairs]
        self.tell(name, "words", "ms", count, pairs, overhead.percent)
        usual = overhead.trimmed([one for one, _ in pairs])
        self.all = [*self.all, *((one / usual, other / usual) for one, other in pairs)]
        print(f"{'':32} limit {limit // MIB} MiB, peak {peak / MIB:.1f} MiB, {snapshots} of {count} with a snapshot, "
              f"{len(wrong)} with another end {wrong[:2] or ''}", flush=True)
        return not wrong and (snapshots > 0) == (room < 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(overhead.HERE, "../../build/memcage"))
    parser.add_argument("--pairs", type=int, default=200, metavar="N")
    parser.add_argument("--only", action="append", metavar="GLOB", help="of a program's name")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    facts = overhead.host()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    with tempfile.TemporaryDirectory(prefix="memcage-bench-") as directory:
        bench = Dossier(options, directory)
        bench.build()
        chosen = [name for name in PROGRAMS if any(fnmatch.fnmatch(name, glob) for glob in options.only or ["*"])]
        same = [bench.compare(name, options.pairs) for name in chosen]
        bench.tell("all of them", "words", "", len(bench.all), bench.all, overhead.percent)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"host": facts, "trim": overhead.TRIM, "results": bench.results}, file, indent=1)
            file.write("\n")
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
