# SPDX-License-Identifier: MIT
"""One case: how memcage is called, what is expected of it, and how both are compared."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

BOTH = ("v1", "v2")
SURE = ("certain", "high")
PROBABLE = ("certain", "high", "medium")


class Mismatch(Exception):
    """What was seen is not what was expected."""


def expect(condition, message):
    if not condition:
        raise Mismatch(message)


@dataclass
class Case:
    """Values may be {"v1": ..., "v2": ...} where the two worlds differ. In words of argv and
    options {dir}, {workloads} and {group} are the paths of the case's directory, the workloads and the
    case's memory group; a first word that names a workload becomes its path."""

    name: str
    argv: tuple = ()
    verdict: object = None          # "oom_kill/own_limit", None for no report, or a tuple of these
    status: object = 0              # exit status of memcage, or a tuple of them; -N: died of signal N
    options: object = ()
    victim: object = None
    confidence: object = None       # tuple of allowed ones; None: see default_confidence()
    worlds: tuple = BOTH            # "guest": only where the whole system may be spoiled
    needs: tuple = ()               # names of prerequisites, see run.py
    outer: Optional[int] = None     # memory limit of the group around memcage, in bytes
    stdin: bytes = b""
    pass_fds: int = 0               # how many descriptors beyond 2 the caller leaves open
    merge: bool = False             # stdout and stderr are one file
    caller: Optional[Callable] = None   # runs in the caller's child before it becomes memcage
    setup: Optional[Callable] = None    # setup(run): before the start
    during: Optional[Callable] = None   # during(run): while memcage runs
    check: Optional[Callable] = None    # check(run): after the end; raises Mismatch
    report: str = "report.json"     # the argument of -r, "" for none; a relative name is in {dir}
    files: tuple = ()               # names that may be in {dir} afterwards, beside the report
    leaves_group: bool = False      # memcage was killed: its groups may stay (its processes not)
    leaves_processes: bool = False  # nothing can keep them (no group); check() sees whether that is told
    backend: object = None          # of the report; None: that of the world
    log: bool = False               # needs the kernel's record of its own OOM kill
    alone: bool = False             # measures time or fills the machine: nothing beside it
    timeout: float = 20
    drive: Optional[Callable] = None    # drive(harness, run) instead of one call of memcage
    witness: str = ""               # of a row of the runtimes: who sees refusals; see watched.py
    outside: Optional[dict] = None  # of such a row: fields that are others for a witness outside the process
    normalise: Optional[Callable] = None    # normalise(bytes): output without what differs from run to run


@dataclass
class Run:
    case: Case
    directory: str
    group: object
    world: str
    scale: float                    # how much slower than a plain machine this world is
    status: Optional[int] = None
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0
    process: object = None
    report: Optional[dict] = None
    report_text: Optional[str] = None
    kernel_kills: list = field(default_factory=list)
    keep: dict = field(default_factory=dict)    # what setup() remembers for check()
    fds: list = field(default_factory=list)
    cleanups: list = field(default_factory=list)

    def path(self, name):
        return os.path.join(self.directory, name)

    def get(self, dotted, default=None):
        """A member of the report: get("memory.peak_bytes")."""
        value = self.report
        for name in dotted.split("."):
            if not isinstance(value, dict) or name not in value:
                return default
            value = value[name]
        return value

    def wait_for(self, seen, what):
        """Polls seen() while memcage runs."""
        deadline = time.monotonic() + 15 * self.scale
        while not seen():
            expect(time.monotonic() < deadline, f"waited in vain for {what}")
            time.sleep(0.005)


def strays():
    """What lies in /dev/shm, which is the tests' own: pages that memcage shared with workloads."""
    return set(os.listdir("/dev/shm"))


def wait_for_no_strays(before, patience):
    """What is new and stays."""
    deadline = time.monotonic() + patience
    while (new := strays() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    return sorted(new)


def of_world(value, world):
    return value[world] if isinstance(value, dict) else value


def listed(value):
    return value if isinstance(value, (tuple, list, set)) else (value,)


def default_confidence(verdict, world):
    # on v1 only the kernel log proves whose limit it was, and it is rate-limited
    return PROBABLE if world == "v1" and verdict.startswith("oom_kill") else SURE


class Harness:
    def __init__(self, world, log, program, workloads, validator, scale, reports):
        self.world, self.log = world, log
        self.program, self.workloads = program, workloads
        self.validator, self.scale, self.reports = validator, scale, reports
        self.one_by_one = True  # a stray file can be blamed on the case that runs

    def command(self, case, run):
        """The argument list of memcage for this case."""
        def filled(words):
            known = {"{dir}": run.directory, "{workloads}": self.workloads, "{group}": run.group.main}
            for name, value in known.items():
                words = [word.replace(name, value) for word in words]
            return words

        argv = self.workload(filled(of_world(case.argv, run.world)))
        words = [self.program, "run", *filled(of_world(case.options, run.world))]
        if case.report:
            words += ["-r", run.keep.get("report", case.report)]
        return words + (["--", *argv] if argv else [])

    def workload(self, argv):
        if argv and "/" not in argv[0]:
            path = os.path.join(self.workloads, argv[0])
            if os.path.exists(path):
                return [path, *argv[1:]]
        return list(argv)

    def start(self, case, run, words):
        def become():
            run.group.enter(run.keep.get("place"))
            if case.caller:
                case.caller()

        run.fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(case.pass_fds)]
        out = open(run.path(".stdout"), "w+b")
        err = out if case.merge else open(run.path(".stderr"), "w+b")
        run.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=out, stderr=err, cwd=run.directory,
            pass_fds=[*run.fds, *run.keep.get("pass_fds", [])], preexec_fn=become,
            env={**os.environ, "TMPDIR": run.directory, **run.keep.get("env", {})})
        return out, err

    def call(self, case, run):
        """Calls memcage once and waits for it; fills run."""
        started = time.monotonic()
        out, err = self.start(case, run, self.command(case, run))
        try:
            try:
                run.process.stdin.write(case.stdin)
                run.process.stdin.close()
            except BrokenPipeError:
                pass
            if case.during:
                case.during(run)
            run.status = run.process.wait(case.timeout * self.scale)
        except subprocess.TimeoutExpired:
            raise Mismatch(f"memcage did not return within {case.timeout * self.scale:g} s") from None
        finally:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()
            run.seconds = time.monotonic() - started
            for file in (out, err):
                if not file.closed:
                    file.flush()
                    file.seek(0)
                    setattr(run, "stdout" if file is out else "stderr", file.read())
                    file.close()
            for fd in run.fds:
                os.close(fd)
            for name in (".stdout", ".stderr"):
                if os.path.exists(run.path(name)):
                    os.unlink(run.path(name))

    def load_report(self, case, run):
        path = run.path(case.report)
        if run.report_text is None and os.path.isfile(path) and not os.path.islink(path):
            with open(path, encoding="utf-8") as file:
                run.report_text = file.read()
        if run.report_text is not None:
            try:
                run.report = json.loads(run.report_text)
            except ValueError as error:
                raise Mismatch(f"the report is no JSON: {error}") from None

    def compare(self, case, run):
        statuses = listed(of_world(case.status, run.world))
        wanted = listed(of_world(case.verdict, run.world))
        if run.report is None:
            expect(None in wanted, f"no report; exit status {run.status}")
        else:
            expect(wanted != (None,), "there is a report where there should be none")
            self.compare_report(case, run, wanted)
        expect(run.status in statuses, f"exit status {run.status}, not {' or '.join(map(str, statuses))}")
        if case.check:
            case.check(run)

    def compare_report(self, case, run, wanted):
        for error in sorted(self.validator.iter_errors(run.report), key=lambda one: list(one.path)):
            raise Mismatch(f"schema: {'/'.join(map(str, error.path))}: {error.message}")
        verdict = f"{run.report['verdict']}/{run.report['reason']}"
        expect(verdict in wanted, f"verdict {verdict}, not {' or '.join(map(str, wanted))}")
        victim = of_world(case.victim, run.world)
        if victim is not None:
            expect(run.get("victim") in listed(victim), f"victim {run.get('victim')}, not {victim}")
        allowed = of_world(case.confidence, run.world) or default_confidence(verdict, run.world)
        expect(run.get("confidence") in allowed, f"confidence {run.get('confidence')}, not {'|'.join(allowed)}")
        backend = of_world(case.backend, run.world) or run.world
        expect(run.get("enforcement.backend") == backend, f"backend {run.get('enforcement.backend')}, not {backend}")
        expect(run.get("because"), "`because` is empty")
        expect(run.get("time.wall_ms", 0) <= run.seconds * 1000 + 1, "time.wall_ms is longer than memcage ran")
        if verdict.startswith("ok/"):
            expect(not run.get("oom_kills"), "ok, and yet there are OOM kills in the report")

    def check_nothing_left(self, case, run):
        groups = run.group.left_groups()
        patience = (10 if case.leaves_group else 2) * self.scale
        deadline = time.monotonic() + patience
        while run.group.left_processes() and not case.leaves_processes and time.monotonic() < deadline:
            time.sleep(0.01)
        left = run.group.left_processes()
        expect(case.leaves_processes or not left, f"{len(left)} processes left after {patience:g} s: {left[:5]}")
        expect(case.leaves_group or not groups, f"groups left: {groups[:3]}")
        allowed = {case.report, *case.files}
        # killed while it ran, memcage leaves its unfinished report where files cannot be nameless
        files = [name for name in os.listdir(run.directory) if name not in allowed
                 and not (case.leaves_group and name.startswith(f".{case.report}."))]
        expect(not files, f"files left: {files[:5]}")

    def perform(self, case):
        """Runs one case. Raises Mismatch with all that is needed to understand it."""
        if case.log:
            self.log.wait_for_room()
        self.log.take()
        before = strays()
        run = Run(case, tempfile.mkdtemp(prefix="memcage-tests-"),
                  self.world.group(case.name, case.outer), self.world.version, self.scale)
        try:
            run.keep["workloads"] = self.workloads
            if case.setup:
                case.setup(run)
            if case.drive:
                case.drive(self, run)
            else:
                self.call(case, run)
                run.kernel_kills = self.log.take()
                self.load_report(case, run)
                self.compare(case, run)
            self.check_nothing_left(case, run)
            left = wait_for_no_strays(before, 2 * self.scale) if self.one_by_one else []
            expect(not left, f"files left in /dev/shm: {left[:3]}")
        except Mismatch as mismatch:
            raise Mismatch(f"{mismatch}\n{excerpt(run)}") from None
        finally:
            for cleanup in run.cleanups:
                cleanup()
            self.keep_report(case, run)
            self.log.sample()
            run.group.close()
            shutil.rmtree(run.directory, ignore_errors=True)

    def keep_report(self, case, run):
        if self.reports and run.report is not None:
            name = case.name.replace("/", ".") + "." + run.world + ".json"
            with open(os.path.join(self.reports, name), "w", encoding="utf-8") as file:
                file.write(run.report_text)


def excerpt(run):
    """What a person needs to see of a run that went wrong, indented."""
    lines = []
    if run.process is not None:
        lines.append("command: " + " ".join(run.process.args))
    if run.report is not None:
        shown = {name: run.report.get(name) for name in
                 ("verdict", "reason", "victim", "confidence", "because", "exit", "limits", "oom_kills",
                  "alloc_failures", "enforcement") if run.report.get(name) not in (None, [], {})}
        lines += json.dumps(shown, indent=1).splitlines()[:60]
    lines += run.stderr.decode("utf-8", "replace").splitlines()[-8:]
    lines += [f"kernel: oom_memcg={owner} task_memcg={task}" for owner, task in run.kernel_kills]
    return "\n".join("    " + line for line in lines)
