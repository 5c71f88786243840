# SPDX-License-Identifier: MIT
"""How far the witness inside the programs reaches: memory asked of the kernel directly, and programs
that are started with an environment of their own. And that nobody notices."""

import os
import shutil
import subprocess

from cases_refusals import overcommit
from groups import read, write
from harness import PROBABLE, Case, expect

GIB = 1 << 30
FAIL = ("-m", "64M", "--at-limit", "fail")
KILL = ("-m", "64M")
HERE = os.path.dirname(os.path.abspath(__file__))


def refused(function, cause="at_limit_fail", covered=1):
    def check(run):
        seen = run.get("alloc_failures")
        expect(seen["count"] == 1, f"{seen}")
        expect((seen["first"]["function"], seen["first"]["cause"]) == (function, cause), f"{seen['first']}")
        reached = seen["coverage"]
        # more where a fork was seen that had not yet become its program
        expect(reached["covered"] >= covered and not reached["uncovered"], f"{reached}, not {covered}")
    return check


def nothing_refused(run):
    expect(run.get("alloc_failures.count") == 0 and run.get("alloc_failures.coverage.covered"),
           f"{run.get('alloc_failures')}")


def mapping(name, function, cause="at_limit_fail", options=FAIL, how=None, **more):
    return Case("reach/mapping_" + name, ("refused_mappings", how or name, "1G"), "alloc_failure/refused", 1, options,
                check=refused(function, cause), **more)


# children ----------------------------------------------------------------------------------------

WITHIN = ("execve", "execve_null", "execv", "unsetenv", "execvp", "execvpe", "execl", "execlp", "execle", "fexecve",
          "handler")  # becomes the program
BESIDE = ("vfork", "spawn", "spawnp", "spawn_attributes", "system", "popen")  # waits for it


def child(how):
    """A shell does what it has to in the child's place."""
    shell = how in ("system", "popen")
    argv = ("{workloads}/malloc_once 1G",) if shell else ("{workloads}/malloc_once", "1G")
    return Case("reach/child_" + how, ("start_program", how, *argv), "alloc_failure/refused", 1, FAIL,
                confidence=PROBABLE, check=refused("malloc", covered=3 if shell else 2))


def nobody_watched(run):
    seen = run.get("alloc_failures")
    expect(not seen["coverage"]["covered"] and seen["count"] is None, f"{seen}")


def not_covered(run):
    coverage = run.get("alloc_failures.coverage")
    expect(coverage["covered"] == 1, f"{coverage}")
    expect(coverage["uncovered"] == ["sleep (started without the library in LD_PRELOAD)"], f"{coverage}")


def musl(run):
    """The same programs with another C library: one starts the other."""
    here = os.path.dirname(HERE)
    for name in ("start_program", "malloc_once"):
        subprocess.run(
            ["musl-gcc", "-O1", "-std=gnu17", "-D_GNU_SOURCE", "-I", os.path.join(here, "../runner"),
             "-I", os.path.join(here, "../include"), "-o", run.path(name), os.path.join(here, "workloads", name + ".c"),
             os.path.join(here, "workloads/workload.c"), os.path.join(here, "../runner/base/text.c")], check=True)


def musl_child(how, **more):
    return Case("reach/musl_" + how, ("{dir}/start_program", how, "{dir}/malloc_once", "1G"), "alloc_failure/refused",
                1, FAIL, confidence=PROBABLE, needs=("runtime_musl",), setup=musl, files=("start_program", "malloc_once"),
                check=refused("malloc", covered=2), timeout=60, **more)


# nobody notices ----------------------------------------------------------------------------------

PYTHON = "/usr/bin/python3"
SUBPROCESS = """
import os, subprocess
for how in ({}, {"close_fds": False}, {"start_new_session": True}, {"cwd": "/"}):
    for argv in (["/usr/bin/env"], ["/bin/sh", "-c", "echo $X; exit 3"], ["/nosuch"], ["/etc"], ["./script"]):
        try:
            done = subprocess.run(argv, env={"X": "y"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)
            lines = [line for line in done.stdout.splitlines() if not line.startswith((b"LD_PRELOAD=", b"MEMCAGE_"))]
            print(argv, done.returncode, lines)
        except OSError as error:
            print(argv, error)
pid = os.posix_spawn("/bin/sh", ["sh", "-c", "echo spawned; exit 4"], {})
print(os.waitpid(pid, 0)[1])
"""
SELF = ("import os, sys\n"
        "print(len(sys.argv), flush=True)\n"
        "if len(sys.argv) < 4:\n"
        "    os.execve('/proc/self/exe', [*sys.orig_argv, 'x'], {})\n")
MAKEFILE = "all: export X = y\nall:\n\t@env -i sh -c 'echo [$$X]'\n\t@echo $$X; exit 3\n"
SAME = (
    *(("start_program", how, "{dir}/script", "word") for how in (*WITHIN, "vfork", "spawn", "spawnp",
                                                               "spawn_attributes", "syscall")),
    *(("start_program", how, "{dir}/bare", "word") for how in ("execve", "execvp", "execlp", "spawn", "spawnp")),
    *(("start_program", how, "/nosuch/program", "word") for how in ("execve", "execvp", "spawn", "fexecve", "vfork")),
    *(("start_program", how, "/etc", "word") for how in ("execve", "execvp", "spawn", "spawnp", "fexecve")),
    *(("start_program", how, name, "word") for how in ("execvp", "execlp", "spawnp")
      for name in ("true", "nosuch", "", "ls")),
    ("start_program", "system", "echo [$X]; ls /proc/self/fd; exit 5"),
    ("start_program", "popen", "echo [$X]; kill -KILL $$"),
    ("start_program", "e2big", "/bin/true", "word"),
    ("start_program", "last_room", "{dir}/true_", "{dir}/empty"),
    ("start_program", "execve", "{workloads}/list_fds"),
    ("start_program", "spawn_attributes", "{workloads}/list_fds"),
    ("start_program", "execve", "{dir}/wrong_machine"),
    ("start_program", "execve", "{dir}/wrong_script"),
    ("start_program", "execve", "{workloads}/malloc_until_null_static", "1M", "32M"),
    ("env", "-i", "env"), ("env",), ("env", "-i", "sh", "-c", "echo [$X]; export -p | wc -w >/dev/null"),
    ("env", "-i", "X=y", "sh", "-c", "echo $X $0; exit 9"),
    ("sh", "-c", "unset LD_PRELOAD; echo ${X-none}; (exec env -i printenv X); echo $?"),
    ("sh", "-c", "LD_PRELOAD= sh -c 'echo $X'; env -u LD_PRELOAD true; env -u MEMCAGE_WITNESS sh -c 'kill -TERM $$'"),
    ("env", "-i", "sh", "-c", "ls /nosuch; ./script a b; ./bare c; . ./bare; exit 7"),
    ("setpriv", "--reuid", "65534", "--clear-groups", "env", "-i", "/bin/sh", "-c", "echo as a nobody"),
    ("env", "-i", "chroot", "{dir}/root", "/true"),
    (PYTHON, "-c", SUBPROCESS), (PYTHON, "-c", SELF),
    *(("sh", "-c", 'ulimit -v 1000000; "$0" "$@"', "{workloads}/lose_witness", how, "1G")
      for how in ("unmapped", "read_only", "forbids_open", "allows_few", "says_no")),
    ("bash", "-c", "set -o pipefail; exec -c bash -c 'echo $X | env -i cat; env -i false | true; echo ${PIPESTATUS[*]}'"),
    ("make", "-s", "-f", "{dir}/Makefile"),
    ("perl", "-e", "%ENV=(); print `echo out`; print system('exit 3'), system('/nosuch'), system({'sh'} 'x', '-c', 'exit 2')"),
    ("env", "-i", "PATH=/usr/bin:/bin", "gcc", "-x", "c", "{dir}/bare.c", "-o", "/dev/null"),
    ("env", "-i", "PATH=/usr/bin:/bin", "gcc", "-x", "c", "/nosuch.c", "-o", "/dev/null"),
)


SAME_RUBY = (("ruby", "-e", "ENV.clear; p system('/bin/sh -c \"exit 3\"'), $?.exitstatus, `/bin/echo out`, system('/nosuch')"),)
SAME_GIT = (("git", "-C", "{dir}", "-c", "alias.x=!echo alias; env -i git --version", "x"),)


def programs(run):
    """Files to execute that are not what they seem."""
    texts = {"script": "#!/bin/sh -e\necho script $0 $*; echo $X; exit 4\n", "bare": "echo bare $*; echo $X; exit 5\n",
             "empty": "no program\n", "Makefile": MAKEFILE, "bare.c": "int main(void) { return 0; }\n",
             "wrong_script": f"#!{run.path('wrong_machine')}\n"}
    for name, text in texts.items():
        with open(run.path(name), "w", encoding="ascii") as file:
            file.write(text)
    shutil.copy("/bin/true", run.path("true_"))
    with open("/bin/true", "rb") as file:
        program = bytearray(file.read())
    program[4], program[18] = 1, 3  # ELFCLASS32, EM_386: the loader is told nothing of it
    with open(run.path("wrong_machine"), "wb") as file:
        file.write(program)
    for name in ("script", "bare", "empty", "true_", "wrong_machine", "wrong_script"):
        os.chmod(run.path(name), 0o755)
    os.chmod(run.directory, 0o755)
    os.mkdir(run.path("root"))
    shutil.copy(shutil.which("busybox") or "/bin/true", run.path("root/true"))


def without_ours(output):
    return b"".join(line for line in output.splitlines(True) if not line.startswith((b"LD_PRELOAD=", b"MEMCAGE_")))


def changes_nothing(commands):
    """Exit status and output are equal, watched and not, but for the two variables."""
    def drive(harness, run):
        programs(run)
        run.keep["env"] = {"X": "outer"}
        # an emulated machine is ten times slower: there every sixth has to do
        for argv in commands if run.scale <= 1 else commands[::6]:
            expect(shutil.which(harness.workload(list(argv))[0]), f"{argv[0]} is missing")
            seen = [watched(harness, run, argv, witness) for witness in ("none", "auto")]
            expect(seen[0] == seen[1], f"{argv}: without {seen[0]}, with {seen[1]}")
    return drive


def watched(harness, run, argv, witness):
    case = Case(run.case.name, argv, options=("-m", "256M", "--witness", witness, "-q"), timeout=30)
    run.report = run.report_text = None
    harness.call(case, run)
    harness.load_report(case, run)
    expect(("preload" in run.get("alloc_failures.witnesses")) == (witness == "auto"),
           f"{argv}: {run.get('alloc_failures.witnesses')}")
    return run.status, without_ours(run.stdout), without_ours(run.stderr)


MADE = ("script", "bare", "empty", "Makefile", "bare.c", "wrong_script", "wrong_machine", "true_", "root")


def few_mappings(run):
    before = read("/proc/sys/vm/max_map_count").strip()
    run.cleanups.append(lambda: write("/proc/sys/vm/max_map_count", before))
    write("/proc/sys/vm/max_map_count", "1000")


CASES = [
    *(mapping(name, name) for name in ("mmap", "mprotect", "brk", "sbrk")),
    *(mapping("syscall_" + name, name) for name in ("mmap", "mremap", "mprotect", "brk")),
    mapping("filter_mmap", "mmap", "seccomp", KILL),
    mapping("filter_eperm", "mmap", "seccomp", KILL),
    mapping("filter_mremap", "mremap", "seccomp", KILL),
    mapping("filter_mprotect", "mprotect", "seccomp", KILL),
    mapping("filter_other", "mmap"),
    mapping("count", "mmap", "max_map_count", ("-m", "256M"), setup=few_mappings, worlds=("guest",), alone=True),
    mapping("overcommit_strict", "mmap", "overcommit", KILL, "mmap", setup=overcommit("2"), worlds=("guest",), alone=True),
    Case("reach/mistakes", ("refused_mappings", "mistake", "1G"), "ok/clean", 0, FAIL, check=nothing_refused),
    Case("reach/syscalls_pass", ("refused_mappings", "syscall_others", "1G"), "ok/clean", 0, FAIL,
         check=nothing_refused),
    *(child(how) for how in (*WITHIN, *BESIDE)),
    musl_child("execvp"),
    *(musl_child(how, worlds=("v1",)) for how in ("execve", "spawnp", "fexecve")),
    Case("reach/child_of_python", (PYTHON, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], env={}))",
                                   "{workloads}/malloc_once", "1G"), "alloc_failure/refused", 1, FAIL,
         confidence=PROBABLE, check=refused("malloc", covered=2)),
    *(Case("reach/witness_" + how, ("lose_witness", how, "1G"), "alloc_failure/refused", 1, FAIL,
           check=refused("malloc", cause))
      for how, cause in (("unmapped", "at_limit_fail"), ("read_only", "at_limit_fail"), ("forbids_open", "unknown"),
                         ("allows_few", "unknown"), ("says_no", "at_limit_fail"))),
    # nothing is left to write to: then nobody says that nothing was refused
    Case("reach/witness_cut", ("lose_witness", "cut", "1G"), "failed/exit", 1, FAIL, confidence=("high",),
         check=nobody_watched),
    # the option is the caller's; su, for one, takes the limits of its caller away
    Case("reach/no_data_limit", ("sh", "-c", 'ulimit -d unlimited; exec "$0" 1G', "{workloads}/malloc_once"),
         "alloc_failure/refused", 1, FAIL, check=refused("malloc", covered=2)),
    Case("reach/child_without_c_library", ("start_program", "syscall", "/bin/sleep", "0.3"), "ok/clean", 0, KILL,
         check=not_covered),
    Case("reach/changes_nothing", drive=changes_nothing(SAME), files=MADE, timeout=120),
    Case("reach/changes_nothing_ruby", drive=changes_nothing(SAME_RUBY), files=MADE, needs=("runtime_ruby",)),
    Case("reach/changes_nothing_git", drive=changes_nothing(SAME_GIT), files=MADE, needs=("git",)),
]
