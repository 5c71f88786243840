# SPDX-License-Identifier: MIT
"""What the cases of the runtimes share: how their programs are built, and what a row expects."""

import os
import shutil
import subprocess

from harness import SURE, Case, expect

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtimes")
BUILT = "{workloads}/runtimes/"
TODAY = ("--witness", "preload,signature,kmsg")  # a row says what these can see, no more
READ = ("ok/clean", "ok/under_pressure")
MIB = 1 << 20
HUGE = 8 * 10**9
CALLS = ("brk", "mmap", "mprotect", "mremap")   # all that a witness outside the process can tell of

# need: (the tool that must be there, its package)
TOOLS = {
    "runtime_cc": ("gcc", "gcc"), "runtime_c++": ("g++", "g++"), "runtime_musl": ("musl-gcc", "musl-tools"),
    "runtime_jemalloc": ("libjemalloc.so.2", "libjemalloc2"),
    "runtime_tcmalloc": ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    "runtime_rust": ("rustc", "rustc"), "runtime_go": ("go", "golang-go"),
    "runtime_java": ("javac", "openjdk-17-jdk-headless"), "runtime_node": ("node", "nodejs"),
    "runtime_perl": ("perl", "perl"), "runtime_ruby": ("ruby", "ruby"), "runtime_lua": ("lua5.4", "lua5.4"),
    "runtime_php": ("php", "php-cli"), "runtime_r": ("Rscript", "r-base-core"), "runtime_bash": ("bash", "bash"),
    "runtime_sort": ("sort", "coreutils"), "runtime_mawk": ("mawk", "mawk"), "runtime_gawk": ("gawk", "gawk"),
    "runtime_numpy": ("numpy", "python3-numpy"),
}
C = ("-O1", "-fno-builtin-malloc", "-pthread")
COMPILE = {
    "runtime_cc": [("gcc", *C, "allocate.c", "-o", "c_glibc"), ("gcc", *C, "-static", "allocate.c", "-o", "c_static")],
    "runtime_musl": [("musl-gcc", *C, "allocate.c", "-o", "c_musl"),
                     ("musl-gcc", *C, "-g", "allocate.c", "-o", "c_musl_debug")],
    "runtime_c++": [("g++", "-O1", "allocate.cpp", "-o", "cpp"), ("g++", "-g", "-O1", "allocate.cpp", "-o", "cpp_debug")],
    "runtime_jemalloc": [("gcc", *C, "allocate.c", "-o", "c_jemalloc", "-Wl,--no-as-needed", "-l:libjemalloc.so.2")],
    "runtime_tcmalloc": [("gcc", *C, "allocate.c", "-o", "c_tcmalloc", "-Wl,--no-as-needed",
                          "-l:libtcmalloc_minimal.so.4")],
    "runtime_rust": [("rustc", "-O", "allocate.rs", "-o", "rust"),
                     ("rustc", "-g", "-O", "allocate.rs", "-o", "rust_debug")],
    "runtime_go": [("go", "build", "-o", "go", "allocate.go")],
    "runtime_java": [("javac", "-d", ".", "Allocate.java")],
}


def source(name):
    return os.path.join(SOURCES, name)


def have(tool):
    if tool == "numpy":
        return subprocess.run(["/usr/bin/python3", "-c", "import numpy"], stderr=subprocess.DEVNULL).returncode == 0
    if ".so" in tool:
        known = subprocess.run(["ldconfig", "-p"], stdout=subprocess.PIPE, text=True,
                               env={"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
        return tool in known.stdout
    return shutil.which(tool) is not None


def up_to_date(directory, words):
    """A guest sees the host's files, and cannot write there."""
    output = words[words.index("-o") + 1] if "-o" in words else "Allocate.class"
    inputs = [source(word) for word in words if "llocate." in word] + [__file__]
    try:
        built = os.stat(os.path.join(directory, output)).st_mtime
    except FileNotFoundError:
        return False
    return all(os.stat(path).st_mtime < built for path in inputs)


def prepare(needs, workloads):
    """Builds what the chosen cases need. {need: why it is missing, or None}; a program that its own
    compiler refuses is an error, not a skip."""
    directory = os.path.join(workloads, "runtimes")
    missing = {}
    for need in sorted(set(needs) & set(TOOLS)):
        tool, package = TOOLS[need]
        missing[need] = None if have(tool) else f"{tool} is missing (package {package})"
        if missing[need] or need not in COMPILE:
            continue
        for words in COMPILE[need]:
            if up_to_date(directory, words):
                continue
            os.makedirs(directory, exist_ok=True)
            words = [source(word) if "llocate." in word else word for word in words]
            subprocess.run(words, cwd=directory, check=True, stdin=subprocess.DEVNULL,
                           env={**os.environ, "GOCACHE": os.path.join(directory, "gocache"), "GO111MODULE": "off"})
    return missing


def coverage(run):
    return run.get("alloc_failures.coverage") or {}


def refused(least=MIB, line=None, count=1):
    """It was seen, with its size, its cause, and, by the preloaded witness, its line where that can be had."""
    def check(run):
        seen = run.get("alloc_failures") or {}
        first = seen.get("first") or {}
        expect((seen.get("count") or 0) >= count, f"alloc_failures.count {seen.get('count')}, not at least {count}")
        expect((seen.get("largest_bytes") or 0) >= least, f"largest_bytes {seen.get('largest_bytes')}, not {least}")
        expect(first.get("cause") == "at_limit_fail", f"first.cause {first.get('cause')}")
        expect(first.get("function") and first.get("command") and first.get("pid"), f"first: {first}")
        expect(coverage(run).get("covered"), f"nobody was covered: {coverage(run)}")
        if "preload" not in run.case.witness:
            expect(first.get("function") in CALLS, f"function {first.get('function')}")
        elif line:
            expect((first.get("source_line") or "").endswith(line), f"source_line {first.get('source_line')}")
    return check


def nothing_refused(run):
    seen = run.get("alloc_failures") or {}
    expect(seen.get("count") == 0, f"alloc_failures.count {seen.get('count')}")
    expect(coverage(run).get("covered"), f"nobody was covered: {coverage(run)}")


def not_covered(run):
    """Nobody could look: no number is told, and who was not covered is."""
    expect(run.get("alloc_failures.count") is None, f"a count that nobody made: {run.get('alloc_failures')}")
    expect(coverage(run).get("uncovered"), f"uncovered is empty: {coverage(run)}")


def message(runtime):
    """The runtime's own words were recognised, and its end is the documented one."""
    def check(run):
        said = " ".join(run.get("because", []))
        # one of several that it has: "java", "java native"
        expect(f"message of {runtime}" in said, f"`because` does not tell of {runtime}: {said}")
    return check


def every(*checks):
    def check(run):
        for one in checks:
            one(run)
    return check


def repeat(times):
    """So often as the preloaded witness sees it, which is what users get; the others a few times."""
    def drive(harness, run):
        for _ in range(times if run.case.witness == "preload" else 3):
            run.report = run.report_text = None
            harness.call(run.case, run)
            run.kernel_kills = harness.log.take()
            harness.load_report(run.case, run)
            harness.compare(run.case, run)
    return drive


def row(name, argv, verdict, status, options, check=None, needs=(), **more):
    """outside: what is another for a witness that sees system calls, and in every process."""
    return Case("runtime/" + name, tuple(argv), verdict, status, (*options, *TODAY), check=check,
                needs=tuple(needs), timeout=40, witness="preload", **more)


def matrix(name, argv, need, limit, near, huge=None, caught=None, uncaught=None, grown=None, texts=None, line=None,
           grown_by=MIB):
    """The rows that every runtime has which the preloaded witness can enter.

    huge: bytes of the one large request; caught: whether it can be caught; uncaught and grown: exit
    status of the other two; grown_by: bytes of the request that is refused in the end, at least; near:
    MiB that fit; line: source line of (caught, uncaught, growing)."""
    kill = ("-m", f"{limit}M")
    fail = (*kill, "--at-limit", "fail")
    lines = line or (None, None, None)
    told = [message(texts)] if texts else []
    cases = [
        row(f"{name}/killed", (*argv, "grow"), "oom_kill/own_limit", 137, kill, needs=need, victim="main"),
        row(f"{name}/near", (*argv, "near", str(near)), READ, 0, fail, nothing_refused, need),
        row(f"{name}/near_kill", (*argv, "near", str(near)), READ, 0, kill, nothing_refused, need),
    ]
    if caught:
        cases.append(row(f"{name}/caught", (*argv, "caught"), "ok/recovered_alloc_failure", 0, fail,
                         refused(huge, lines[0]), need))
    if uncaught is not None:
        cases.append(row(f"{name}/uncaught", (*argv, "uncaught"), "alloc_failure/refused", uncaught, fail,
                         every(refused(huge, lines[1]), *told), need, confidence=SURE))
    if grown is not None:
        cases.append(row(f"{name}/grow", (*argv, "grow"), "alloc_failure/refused", grown, fail,
                         every(refused(grown_by, lines[2]), *told), need, confidence=SURE))
    return cases
