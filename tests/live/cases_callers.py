# SPDX-License-Identifier: MIT
"""Callers with odd habits, and memcage itself being interrupted or killed."""

import os
import signal
import subprocess
import time

from harness import Case, Mismatch, expect

M = ("-m", "64M", "-q")
ADJUST = "/proc/self/oom_score_adj"


def close_descriptors(*numbers):
    def caller():
        for number in numbers:
            os.close(number)
    return caller


def ignore_children():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


BLOCKED = (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGUSR1)


def block_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)


def protect_from_oom():
    with open(ADJUST, "w", encoding="ascii") as file:
        file.write("-1000")


def only_three(run):
    expect(run.stdout == b"0 1 2\n", f"the workload's descriptors are {run.stdout!r}")


def masks_are(blocked, ignored):
    """The workload has the caller's signal mask, not what memcage needs for itself."""
    def check(run):
        masks = dict(line.split(":") for line in run.stdout.decode().splitlines())
        expect(int(masks["SigBlk"], 16) == sum(1 << number - 1 for number in blocked), f"blocked: {masks}")
        expect(int(masks["SigIgn"], 16) == sum(1 << number - 1 for number in ignored), f"ignored: {masks}")
    return check


def workload_is_ready(run):
    """The workload has written "ready" to the standard output that we gave memcage."""
    run.wait_for(lambda: b"ready" in read_all(run), "the workload to be ready")


def read_all(run):
    if run.process.poll() is not None:
        raise Mismatch(f"memcage ended with {run.process.returncode} before the workload was ready")
    with open(run.path(".stdout"), "rb") as file:
        return file.read()


def send(number, times=1):
    def during(run):
        workload_is_ready(run)
        for _ in range(times):
            run.process.send_signal(number)
            time.sleep(0.05)
    return during


def no_survivor(run):
    """memcage was killed: what it had started must go without it, and its groups can be cleaned up."""
    deadline = time.monotonic() + 5 * run.scale
    while run.group.left_processes() and time.monotonic() < deadline:
        time.sleep(0.01)
    expect(not run.group.left_processes(), f"survivors: {run.group.left_processes()[:5]}")
    # on v2 the place where memcage stood cannot be entered again while its leaf is there
    enter = run.group.enter if run.world == "v1" else None
    subprocess.run([run.process.args[0], "doctor", "--clean"], stdout=subprocess.DEVNULL, preexec_fn=enter)
    expect(not enter or not run.group.left_groups(), f"doctor --clean left {run.group.left_groups()[:3]}")


def stopped_soon(run):
    expect(run.seconds < 4 * run.scale, f"it took {run.seconds:.1f} s to stop")


MASKS = ("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")
READY = "echo ready; sleep 60"

CASES = [
    Case("caller/ignores_sigchld", ("exit_with", "3"), "failed/exit", 3, M, caller=ignore_children),
    Case("caller/signal_masks", MASKS, "ok/clean", 0, M, check=masks_are((), ())),
    Case("caller/blocks_signals", MASKS, "ok/clean", 0, M, caller=block_signals, check=masks_are(BLOCKED, ())),
    Case("caller/no_stdin", ("exit_with", "3"), "failed/exit", 3, M, caller=close_descriptors(0)),
    Case("caller/no_descriptors", ("exit_with", "3"), "failed/exit", 3, M, caller=close_descriptors(0, 1, 2)),
    Case("caller/no_stdout", ("sh", "-c", "echo lost; exit 3"), "failed/exit", 3, M, caller=close_descriptors(1)),
    Case("caller/umask", ("exit_with", "3"), "failed/exit", 3, M, caller=lambda: os.umask(0o777)),
    Case("caller/umask_with_oom", ("touch_pages", "64M"), "oom_kill/own_limit", 137, ("-m", "16M"),
         caller=lambda: os.umask(0o777)),
    Case("caller/open_descriptors", ("list_fds",), "ok/clean", 0, M, pass_fds=7, check=only_three),
    Case("caller/protected_from_oom", ("touch_pages", "64M"), "oom_kill/own_limit", 137, ("-m", "16M"),
         worlds=("guest",), needs=("cap_sys_resource",), caller=protect_from_oom),
    Case("caller/protected_workload_sees_0", ("cat", ADJUST), "ok/clean", 0, M, worlds=("guest",),
         needs=("cap_sys_resource",), caller=protect_from_oom,
         check=lambda run: expect(run.stdout == b"0\n", f"oom_score_adj is {run.stdout!r}")),

    Case("interrupt/term", ("sh", "-c", READY), "killed/interrupted", 143, M, during=send(signal.SIGTERM),
         check=stopped_soon, alone=True),
    Case("interrupt/int", ("sh", "-c", READY), "killed/interrupted", 130, M, during=send(signal.SIGINT),
         check=stopped_soon, alone=True),
    Case("interrupt/hangup", ("sh", "-c", READY), "killed/interrupted", 129, M, during=send(signal.SIGHUP),
         check=stopped_soon, alone=True),
    Case("interrupt/ignored_by_workload", ("ignore_term",), "killed/interrupted", 143, M,
         during=send(signal.SIGTERM), check=stopped_soon, alone=True),
    Case("interrupt/twice", ("ignore_term",), "killed/interrupted", 130, (*M, "--grace", "30s"),
         during=send(signal.SIGINT, times=2), check=stopped_soon, alone=True),
    Case("interrupt/verdict_status", ("sh", "-c", READY), "killed/interrupted", 16, (*M, "--exit-code", "verdict"),
         during=send(signal.SIGTERM), alone=True),
    Case("interrupt/supervisor_killed", ("sh", "-c", "setsid sleep 60 & " + READY), None, -9, M,
         during=send(signal.SIGKILL), check=no_survivor, leaves_group=True, alone=True),
    Case("interrupt/supervisor_killed_30", ("sh", "-c", '"$0" 30; ' + READY, "{workloads}/setsid_survivors"), None, -9,
         M, during=send(signal.SIGKILL), check=no_survivor, leaves_group=True, alone=True),
]
