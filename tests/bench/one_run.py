#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What one run costs, beside a bare posix_spawn, a raw floor and the peers that are on PATH.

    tests/bench/one_run.py --program build/memcage [--runs 300] [--pause 0] [--only GLOB] [--json FILE]
    tests/bench/one_run.py --program build/memcage --tail 5000     memcage and the floor alone
    tests/bench/one_run.py --program build/memcage --supervisor    its memory, and its CPU time
    tests/bench/one_run.py --program build/memcage --work 40       what real work pays for the cage

All contenders run the same command once in each round, in an order that is drawn for each round:
what else the machine does meets all of them. Times are wall times from posix_spawn to waitpid, of
the whole thing with its own start and teardown; CPU time is that of it and all that it waited for
(of peers that hand the work to a daemon: only what they do themselves). Ratios are of medians. Figures are no test: the exit
status is 0 unless something could not be run at all; what is missing is named.
"""

import argparse
import fnmatch
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time

import overhead

HERE = os.path.dirname(os.path.abspath(__file__))
COMMAND = "/bin/true"
WARM_UP = 5
SECONDS_OF_WORK = 10
GROUP = "memcage-bench-%d" % os.getpid()

# Real work, bare and in a cage with its timeline and witnesses.
WORK = {
    "python3": ("/usr/bin/python3", "-S", "-c", overhead.PYTHON_ALLOCATIONS),
    "g++ -c": ("g++", "-O1", "-c", "{dir}/work.cpp", "-o", "{dir}/work.o"),
    "sort": ("sort", "-S", "16M", "-o", "{dir}/sorted", "{dir}/unsorted"),
}
SORT_LINES = 300000
CPP = "#include <algorithm>\n#include <map>\n#include <string>\nstd::map<std::string, int> all;\n"

# Peers, as alike as they can be made: those that can limit memory do. {group}: one of 64 MiB.
PEERS = {
    "bwrap --unshare-all": ("bwrap", "--unshare-all", "--ro-bind", "/", "/"),
    "firejail": ("firejail", "--quiet", "--noprofile"),
    "systemd-run --scope": ("systemd-run", "--quiet", "--scope", "-p", "MemoryMax=64M"),
    "cgexec, group is there": ("cgexec", "-g", "memory:{group}"),
    "nsjail": ("nsjail", "-Mo", "-Q", "--cgroup_mem_max", "67108864", "--chroot", "/", "--"),
    "isolate": ("isolate", "--run", "--"),
    "minijail0": ("minijail0", "-p", "-v", "-r", "-l", "-N", "-e"),
}


# ---- figures ----

def quantile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def figures(samples):
    """Of (wall, CPU) pairs in milliseconds."""
    walls = [wall for wall, _ in samples]
    return {"p50_ms": quantile(walls, 0.5), "p95_ms": quantile(walls, 0.95), "p99_ms": quantile(walls, 0.99),
            "max_ms": max(walls), "cpu_p50_ms": quantile([cpu for _, cpu in samples], 0.5), "runs": len(walls)}


# ---- contenders ----

def own_group(controller):
    """The directory of our own group in the hierarchy of a controller ("": v2), or None."""
    group = None
    with open("/proc/self/cgroup", encoding="ascii") as lines:
        for line in lines:
            number, controllers, path = line.rstrip("\n").split(":", 2)
            if controller in controllers.split(",") and (controller or number == "0"):
                group = path
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        for line in lines:
            fields, _, filesystem = line.partition(" - ")
            kind, _, options = filesystem.split(" ", 2)
            fits = kind == "cgroup2" if not controller else (
                kind == "cgroup" and controller in options.strip().split(","))
            if group is not None and fits:
                return (fields.split()[4] + group).rstrip("/")
    return None


def build(source, directory):
    program = os.path.join(directory, os.path.splitext(source)[0])
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", program, os.path.join(HERE, source)], check=True)
    return program


def floor_parents():
    v1, v2 = own_group("memory"), own_group("")
    return [v2 or "-", v1 or "-"]


def runc_bundle(directory):
    """A bundle for crun and runc: the host's programs read-only, all namespaces, 64 MiB."""
    os.mkdir(os.path.join(directory, "root"))
    mounts = [{"destination": "/proc", "type": "proc", "source": "proc"}]
    mounts += [{"destination": path, "type": "none", "source": path, "options": ["rbind", "ro"]}
               for path in ("/usr", "/bin", "/lib", "/lib64") if os.path.isdir(path)]
    config = {
        "ociVersion": "1.0.0", "root": {"path": "root"}, "mounts": mounts,
        "process": {"args": [COMMAND], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}},
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")],
                  "resources": {"memory": {"limit": 64 << 20}}},
    }
    with open(os.path.join(directory, "config.json"), "w", encoding="ascii") as file:
        json.dump(config, file)


def contenders(program, directory, missing):
    """name: a function that gives the argv of the next run"""
    floor = build("one_floor.c", directory)
    found = {
        "posix_spawn": lambda: [COMMAND],
        "floor": lambda: [floor, *floor_parents(), COMMAND],
        "floor, namespaces": lambda: [floor, "--namespaces", *floor_parents(), COMMAND],
        "memcage": lambda: [program, "run", "-q", "-m", "64M", "--", COMMAND],
        "memcage --version": lambda: [program, "--version"],
        "memcage, report": lambda: [program, "run", "-q", "-m", "64M", "-r", "/dev/null", "--", COMMAND],
        "memcage -p untrusted": lambda: [program, "run", "-q", "-m", "64M", "-p", "untrusted", "--", COMMAND],
    }
    for name, argv in PEERS.items():
        path = shutil.which(argv[0])
        if path is None:
            missing[name] = "not on PATH"
            continue
        filled = [path, *(part.format(group=GROUP) for part in argv[1:]), COMMAND]
        found[name] = lambda filled=filled: filled
    runc_bundle(directory)
    counter = iter(range(1 << 30))
    for name, *words in (("crun", "--cgroup-manager=disabled"), ("runc",)):
        path = shutil.which(name)
        if path is None:
            missing[name] = "not on PATH"
            continue
        found[" ".join((name, *words))] = lambda start=(path, *words): [
            *start, "run", "--bundle", directory, "memcage-bench-%d-%d" % (os.getpid(), next(counter))]
    return found


class PeersGroup:
    """The group for cgexec, which makes none; gone at the end."""

    def __enter__(self):
        self.path = None
        for program in ("cgcreate", "cgset", "cgdelete"):
            if shutil.which(program) is None:
                return self
        if subprocess.run(["cgcreate", "-g", "memory:" + GROUP], check=False).returncode == 0:
            self.path = GROUP
            limit = "memory.limit_in_bytes" if own_group("memory") else "memory.max"
            subprocess.run(["cgset", "-r", limit + "=64M", GROUP], check=False)
        return self

    def __exit__(self, *_):
        if self.path is not None:
            subprocess.run(["cgdelete", "-g", "memory:" + self.path], check=False)


def run_once(argv, devnull):
    actions = [(os.POSIX_SPAWN_DUP2, devnull, fd) for fd in (0, 1, 2)]
    begin = time.perf_counter_ns()
    child = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    elapsed = (time.perf_counter_ns() - begin) / 1e6
    return elapsed, (used.ru_utime + used.ru_stime) * 1000, os.waitstatus_to_exitcode(status)


def measure(found, runs, pause, missing):
    samples = {name: [] for name in found}
    devnull = os.open("/dev/null", os.O_RDWR)
    for name, argv in list(found.items()):
        code = [run_once(argv(), devnull)[-1] for _ in range(WARM_UP)][-1]
        if code != 0:
            missing[name] = "does not work here: exit status %d" % code
            del found[name], samples[name]
    for _ in range(runs):
        for name in random.sample(list(found), len(found)):
            time.sleep(pause)
            elapsed, cpu, code = run_once(found[name](), devnull)
            if code != 0:
                raise SystemExit("%s failed: exit status %d" % (name, code))
            samples[name].append((elapsed, cpu))
    return samples


def table(contenders, base):
    print("| | p50 ms | p95 | p99 | max | to %s | CPU p50 ms |\n|---|---|---|---|---|---|---|" % base)
    middle = contenders.get(base, {}).get("p50_ms")
    for name, f in sorted(contenders.items(), key=lambda item: item[1]["p50_ms"]):
        ratio = "%.2f x" % (f["p50_ms"] / middle) if middle else ""
        print("| %s | %.2f | %.2f | %.2f | %.2f | %s | %.2f |" % (
            name, f["p50_ms"], f["p95_ms"], f["p99_ms"], f["max_ms"], ratio, f["cpu_p50_ms"]))


# ---- the supervisor ----

def cpu_ms(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        fields = file.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def peak_kib(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def supervisor(program):
    """Memory and CPU time of memcage while something works for ten seconds in its cage."""
    work = "import time\nend = time.monotonic() + %d\nwhile time.monotonic() < end: bytearray(1 << 16)" % SECONDS_OF_WORK
    child = subprocess.Popen([program, "run", "-q", "-m", "256M", "-r", "/dev/null", "--", "/usr/bin/python3", "-c", work])
    time.sleep(SECONDS_OF_WORK - 0.5)
    found = {"peak_kib": peak_kib(child.pid), "cpu_ms": cpu_ms(child.pid), "work_s": SECONDS_OF_WORK}
    child.wait()
    print("supervisor: peak %(peak_kib)d KiB; %(cpu_ms).0f ms CPU beside %(work_s)d s of work" % found)
    return found


# ---- real work ----

def own_time(timer, directory, prefix, argv):
    """(CPU, wall) in microseconds of argv alone, whoever runs it."""
    path = os.path.join(directory, "taken")
    subprocess.run([*prefix, timer, path, *argv], check=True)
    with open(path, encoding="ascii") as file:
        return tuple(int(number) for number in file.read().split())


def work(program, pairs):
    """Per cent that CPU time and wall time of each program rise in a cage, with 95 % bounds."""
    found = {}
    caged = [program, "run", "-q", "-m", "1G", "-r", "/dev/null", "--"]
    with tempfile.TemporaryDirectory() as directory:
        timer = build("own_time.c", directory)
        with open(os.path.join(directory, "work.cpp"), "w", encoding="ascii") as file:
            file.write(CPP)
        with open(os.path.join(directory, "unsorted"), "w", encoding="ascii") as file:
            file.writelines("%032x\n" % random.getrandbits(128) for _ in range(SORT_LINES))
        for name, words in WORK.items():
            if shutil.which(words[0]) is None:
                print("left out: %s: not on PATH" % name)
                continue
            argv, samples = [word.replace("{dir}", directory) for word in words], []
            for _ in range(pairs):
                pair = {side: own_time(timer, directory, side and caged, argv)
                        for side in random.sample([(), tuple(caged)], 2)}
                samples.append((pair[()], pair[tuple(caged)]))
            found[name] = {"pairs": pairs}
            for i, kind in enumerate(("cpu", "wall")):
                part = [(bare[i], in_cage[i]) for bare, in_cage in samples]
                found[name][kind + "_percent"] = overhead.interval(part, overhead.percent)
            print("| %s | %+.1f %% (%.1f to %.1f) | %+.1f %% (%.1f to %.1f) |" % (
                name, *found[name]["cpu_percent"], *found[name]["wall_percent"]))
    return found


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")
    return {"kernel": platform.release(), "cpu": model, "cpus": os.cpu_count(),
            "date": time.strftime("%Y-%m-%d"), "load": os.getloadavg()[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--other", help="another build of memcage, to compare with")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--pause", type=float, default=0, help="milliseconds before each run")
    parser.add_argument("--only", default="*", help="contenders (shell pattern); commas between several")
    parser.add_argument("--tail", type=int, help="so many runs of memcage and the floor alone")
    parser.add_argument("--supervisor", action="store_true")
    parser.add_argument("--work", type=int, help="so many pairs of real work")
    parser.add_argument("--json")
    options = parser.parse_args()
    program, missing = os.path.abspath(options.program), {}
    result = {"machine": machine(), "pause_ms": options.pause}
    print("%(cpu)s, %(cpus)d processors, Linux %(kernel)s, %(date)s, load %(load).1f" % result["machine"])
    if options.supervisor:
        result["supervisor"] = supervisor(program)
    elif options.work:
        result["work"] = work(program, options.work)
    else:
        with tempfile.TemporaryDirectory() as directory, PeersGroup():
            only = ["memcage", "floor"] if options.tail else options.only.split(",")
            every = contenders(program, directory, missing)
            if options.other:
                every["other memcage"] = lambda: [os.path.abspath(options.other), *every["memcage"]()[1:]]
            found = {name: argv for name, argv in every.items()
                     if any(fnmatch.fnmatch(name, pattern) for pattern in only)}
            samples = measure(found, options.tail or options.runs, options.pause / 1000, missing)
        result["contenders"] = {name: figures(values) for name, values in samples.items()}
        table(result["contenders"], "floor" if options.tail else "posix_spawn")
        for name, why in missing.items():
            print("left out: %s: %s" % (name, why))
        result["left_out"] = missing
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(result, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    sys.exit(main())
