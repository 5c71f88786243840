#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the witnesses cost the programs that they watch.

    tests/bench/overhead.py --program build/memcage [--pairs 200] [--only GLOB] [--json FILE]

Runs each program as `memcage run --witness none` and with a witness, in pairs, each pair in random
order, so that what else the machine does meets both. What is compared is the CPU time (user and
system) of the program and its children alone, and for a tracer also the time that passed. Of both
the mean without the lowest and highest fifth is taken; the bounds are those of a 95 % bootstrap over
the pairs. Nothing is installed: what is missing is skipped, with the reason. Figures are no test:
the exit status is 0 unless a program could not be run at all.
"""

import argparse
import fnmatch
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TRIM = 0.2
RESAMPLES = 2000
CALLGRIND_PAIRS = 20000

# witnesses to compare with none: the automatic choice, then one alone; with how many of the pairs
WITNESSES = {"auto": 1, "trace": 0.15, "bpf": 0.5}

PYTHON_ALLOCATIONS = """
kept = []
for i in range(12000):
    kept.append(["x" * (600 + i % 5000), {j: str(j) for j in range(8)}, bytearray(i % 9000)])
    if len(kept) > 400:
        kept = kept[200:]
"""
FORKS = 'i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done'
# name: (argv, the tool it needs); {dir} is the directory of the bench
PROGRAMS = {
    "python3": (("/usr/bin/python3", "-c", "pass"), "/usr/bin/python3"),
    "python3 -S": (("/usr/bin/python3", "-S", "-c", "pass"), "/usr/bin/python3"),
    "python3 allocating": (("/usr/bin/python3", "-S", "-c", PYTHON_ALLOCATIONS), "/usr/bin/python3"),
    "g++ -c": (("g++", "-c", "{dir}/generated.cpp", "-o", "{dir}/generated.o"), "g++"),
    "sh, 100 x /bin/true": (("sh", "-c", FORKS), "sh"),
}
MALLOC_KINDS = ("32", "4096", "random")


# ---- figures ----

def trimmed(values):
    values = sorted(values)
    cut = int(len(values) * TRIM)
    kept = values[cut:len(values) - cut]
    return sum(kept) / len(kept)


def interval(pairs, figure):
    """(estimate, lower, upper) of figure(without, with) over the pairs."""
    def of(sample):
        return figure(trimmed([pair[0] for pair in sample]), trimmed([pair[1] for pair in sample]))
    found = sorted(of(random.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
    return of(pairs), found[int(RESAMPLES * 0.025)], found[int(RESAMPLES * 0.975)]


def percent(without, with_it):
    return (with_it / without - 1) * 100 if without else 0


def nanoseconds(without, with_it):
    return with_it - without


# ---- runs ----

class Bench:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.results, self.skips = [], []

    def path(self, name):
        return os.path.join(self.directory, name)

    def build(self):
        compiler = os.environ.get("CC", "cc")
        for name in ("malloc_pairs", "own_time"):
            subprocess.run([compiler, "-O2", "-fno-builtin-malloc", "-fno-builtin-free", "-o", self.path(name),
                            os.path.join(HERE, name + ".c")], check=True)
        with open(self.path("generated.cpp"), "w", encoding="utf-8") as file:
            file.write("#include <map>\n#include <vector>\n")
            for i in range(12):
                file.write(f"struct s{i} {{ std::map<int, long> m; std::vector<s{i} *> v; int f(int n) {{ "
                           f"for (auto *p : v) n += p->f(n) * {i}; return n + (int)m[n]; }} }};\n"
                           f"int g{i}(s{i} &s) {{ return s.f({i}); }}\n")

    def caged(self, witness, argv):
        return [self.options.program, "run", "-q", "--witness", witness, "--", *argv]

    def run(self, words):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=self.directory, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: exit status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def pairs_of(self, witness, count, measure):
        """[(without, with)] of measure(witness), interleaved."""
        found = []
        measure("none"), measure(witness)   # files are in memory from here on
        for _ in range(count):
            order = ["none", witness]
            random.shuffle(order)
            seen = {name: measure(name) for name in order}
            found.append((seen["none"], seen[witness]))
        return found

    def skip(self, name, reason):
        self.skips.append({"name": name, "reason": reason})
        print(f"skip {name}: {reason}", flush=True)

    def tell(self, name, witness, unit, count, pairs, figure):
        estimate, low, high = interval(pairs, figure)
        without, with_it = (trimmed([pair[side] for pair in pairs]) for side in (0, 1))
        self.results.append({"name": name, "witness": witness, "unit": unit, "pairs": count, "without": without,
                             "with": with_it, "overhead": estimate, "lower_95": low, "upper_95": high,
                             "overhead_unit": "percent" if figure is percent else unit})
        sign = "%" if figure is percent else " " + unit
        print(f"{name:32} {witness:6} {without:10.2f} {with_it:10.2f} {unit:3} {estimate:+8.2f}{sign}"
              f"  [{low:+.2f}, {high:+.2f}]  {count} pairs", flush=True)

    def chosen(self, name):
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.options.only or ["*"])

    # ---- one malloc() and its free() ----

    def count_instructions(self, kind, witness):
        said = subprocess.run(
            self.caged(witness, ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + self.path("callgrind"),
                                 "--toggle-collect=pairs", self.path("malloc_pairs"), str(CALLGRIND_PAIRS), kind]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        found = re.search(r"Collected\s*: (\d+)", said)
        if not found:
            raise RuntimeError("callgrind tells no count: " + said)
        return int(found.group(1)) / CALLGRIND_PAIRS

    def malloc_instructions(self):
        name = "malloc+free instructions"
        if not self.chosen(name):
            return
        if not shutil.which("valgrind"):
            self.skip(name, "valgrind is missing")
            return
        for kind in MALLOC_KINDS:
            without, with_it = (self.count_instructions(kind, witness) for witness in ("none", "preload"))
            self.results.append({"name": f"malloc+free {kind}", "witness": "preload", "unit": "instructions",
                                 "without": without, "with": with_it, "overhead": with_it - without})
            print(f"malloc+free {kind:20} {'preload':6} {without:9.2f} {with_it:10.2f} instructions "
                  f"{with_it - without:+.2f}", flush=True)

    def malloc_nanoseconds(self, witness, count):
        if not self.chosen("malloc+free"):
            return

        def measure(witness):
            said = self.run(self.caged(witness, [self.path("malloc_pairs"), str(self.options.mallocs)]))
            return dict(line.split() for line in said.splitlines())
        pairs = self.pairs_of(witness, count, measure)
        for kind in MALLOC_KINDS:
            self.tell(f"malloc+free {kind}", witness, "ns", count,
                      [(float(one[kind]), float(other[kind])) for one, other in pairs], nanoseconds)

    # ---- programs ----

    def program(self, name, witness, count):
        argv, tool = PROGRAMS[name]
        if not self.chosen(name):
            return
        if not shutil.which(tool):
            self.skip(name, f"{tool} is missing")
            return
        argv = [word.replace("{dir}", self.directory) for word in argv]

        def measure(witness):
            self.run(self.caged(witness, [self.path("own_time"), self.path("time"), *argv]))
            with open(self.path("time"), encoding="ascii") as file:
                return [int(word) / 1000 for word in file.read().split()]
        pairs = self.pairs_of(witness, count, measure)
        self.tell(name, witness, "ms", count, [(one[0], other[0]) for one, other in pairs], percent)
        if witness != "auto":   # the tracer works beside the program, which waits for it
            self.tell(name + ", time passed", witness, "ms", count,
                      [(one[1], other[1]) for one, other in pairs], percent)

    def why_not(self, witness):
        """memcage says itself what it cannot do."""
        tried = subprocess.run([word for word in self.caged(witness, ["true"]) if word != "-q"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if tried.returncode == 0:
            return None
        return (tried.stderr.strip().splitlines() or [f"exit status {tried.returncode}"])[0]


def host():
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"kernel": platform.release(), "processor": model, "processors": os.cpu_count(),
            "python": platform.python_version(), "libc": " ".join(platform.libc_ver()),
            "date": time.strftime("%Y-%m-%d", time.gmtime())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(HERE, "../../build/memcage"))
    parser.add_argument("--pairs", type=int, default=200, metavar="N", help="of runs, for --witness auto")
    parser.add_argument("--mallocs", type=int, default=500000, metavar="N", help="malloc() and free() in one run")
    parser.add_argument("--only", action="append", metavar="GLOB", help="of a program's name")
    parser.add_argument("--witness", action="append", choices=tuple(WITNESSES), help="all of them by default")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    if not os.access(options.program, os.X_OK):
        sys.exit(f"{options.program}: not built")

    facts = host()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    with tempfile.TemporaryDirectory(prefix="memcage-bench-") as directory:
        bench = Bench(options, directory)
        bench.build()
        bench.malloc_instructions()
        for witness in options.witness or WITNESSES:
            reason = bench.why_not(witness)
            if reason:
                bench.skip(f"--witness {witness}", reason)
                continue
            count = max(2, int(options.pairs * WITNESSES[witness]))
            bench.malloc_nanoseconds(witness, count)
            for name in PROGRAMS:
                bench.program(name, witness, count)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"host": facts, "trim": TRIM, "results": bench.results, "skipped": bench.skips}, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
