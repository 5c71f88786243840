# SPDX-License-Identifier: MIT
"""The degraded backend, hosts without usable groups, and the commands beside `run`."""

import json

from groups import mounts
from harness import Case, expect
from mounts import MNT_DETACH, MS_BIND, MS_RDONLY, MS_REMOUNT, libc, own_mounts

NO_CAGE = ("--backend", "rlimit", "-m", "64M")
LOW = ("high", "medium", "low")


def hide_groups():
    """As in a container that has no cgroup file system at all."""
    own_mounts()
    libc("umount2", b"/sys/fs/cgroup", MNT_DETACH)


def freeze_groups():
    """As in a container whose cgroup file system is read-only."""
    own_mounts()
    for point in set(mounts().values()):
        libc("mount", None, point.encode(), None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)


def below_and_beside(run):
    """One group to make the leaf under, and one for memcage itself."""
    run.group.make("below")
    run.keep["place"] = run.group.make("beside")


def degraded(run):
    expect(run.get("enforcement.degraded"), "enforcement.degraded is empty")
    expect(run.get("confidence") != "certain", "certain, and yet nothing was enforced for the whole tree")


def says_why(word):
    def check(run):
        text = run.stderr.decode().lower()
        expect("memcage: " in text and word in text, f"standard error does not speak of {word}: {text!r}")
    return check


def call(*words, status=0, holds="", is_json=False):
    def drive(harness, run):
        run.case.report = ""
        harness.command = lambda case, run: [harness.program, *words]
        try:
            harness.call(run.case, run)
        finally:
            del harness.command
        expect(run.status == status, f"exit status {run.status}, not {status}")
        expect(holds.encode() in run.stdout, f"standard output lacks {holds!r}: {run.stdout[:200]!r}")
        if is_json:
            json.loads(run.stdout)
    return drive


def reread(*words):
    """A report read back gives its verdict in words."""
    def drive(harness, run):
        harness.call(run.case, run)
        harness.load_report(run.case, run)
        harness.command = lambda case, run: [harness.program, *words, run.path("report.json")]
        try:
            harness.call(run.case, run)
        finally:
            del harness.command
        expect(run.status == 0, f"{' '.join(words)} exits {run.status}")
        expect(b"16 MiB" in run.stdout, f"{' '.join(words)} does not name the limit: {run.stdout[:200]!r}")
    return drive


def survivors_told(run):
    """Without a group nobody can be sure of them; then the report has to say so."""
    degraded(run)
    if run.group.left_processes():
        told = " ".join(run.get("enforcement.degraded", []) + run.get("warnings", []))
        expect("left" in told or "surviv" in told or "outlive" in told, f"processes are left, and the report says: {told}")


CASES = [
    Case("rlimit/ok", ("exit_with", "0"), "ok/clean", 0, NO_CAGE, backend="rlimit", confidence=LOW, check=degraded),
    Case("rlimit/refused", ("malloc_until_null", "1M"), "alloc_failure/refused", 1, NO_CAGE, backend="rlimit",
         confidence=LOW, check=degraded),
    Case("rlimit/killed_is_not_oom", ("kill_self", "9"), "killed/external", 137, NO_CAGE, backend="rlimit",
         confidence=LOW, check=degraded),
    Case("rlimit/time_limit", ("sleep", "60"), "timeout/wall", 124, (*NO_CAGE, "-t", "200ms"), backend="rlimit",
         confidence=LOW, check=degraded),
    Case("rlimit/survivors", ("setsid_survivors", "5"), "ok/clean", 0, (*NO_CAGE, "-q"), backend="rlimit",
         confidence=LOW, check=survivors_told, leaves_processes=True),
    Case("degraded/no_groups", ("exit_with", "0"), None, 125, ("-m", "64M"), caller=hide_groups,
         check=says_why("cgroup")),
    Case("degraded/no_groups_allowed", ("exit_with", "3"), "failed/exit", 3, ("-m", "64M", "--allow-degraded"),
         caller=hide_groups, backend="rlimit", confidence=LOW, check=degraded),
    Case("degraded/read_only_groups", ("exit_with", "0"), None, 125, ("-m", "64M"), caller=freeze_groups,
         check=says_why("read-only")),
    Case("degraded/read_only_groups_allowed", ("exit_with", "3"), "failed/exit", 3,
         ("-m", "64M", "--allow-degraded"), caller=freeze_groups, backend="rlimit", confidence=LOW, check=degraded),
    Case("degraded/other_backend", ("exit_with", "0"), None, 125,
         {"v1": ("-m", "64M", "--backend", "v2"), "v2": ("-m", "64M", "--backend", "v1")}),
    Case("degraded/not_when_it_can_be_enforced", ("touch_pages", "64M"), "oom_kill/own_limit", 137,
         ("-m", "16M", "--allow-degraded"),
         check=lambda run: expect(not run.get("enforcement.degraded"), f"{run.get('enforcement')}")),
    Case("place/parent", ("touch_pages", "64M"), "oom_kill/own_limit", 137, ("-m", "16M", "--parent", "{group}/below"),
         setup=below_and_beside),
    Case("place/parent_missing", ("exit_with", "0"), None, 125, ("-m", "16M", "--parent", "{group}/missing")),

    Case("command/version", drive=call("--version", holds="memcage ")),
    Case("command/help", drive=call("--help", holds="run")),
    Case("command/run_help", drive=call("run", "--help", holds="--memory")),
    Case("command/unknown", drive=call("no-such-command", status=125)),
    Case("command/doctor", drive=call("doctor", holds="cgroup")),
    Case("command/doctor_json", drive=call("doctor", "--json", is_json=True)),
    Case("command/report", ("touch_pages", "64M"), drive=reread("report"), options=("-m", "16M")),
]
