# SPDX-License-Identifier: MIT
"""Limits of time, processes and output; stalls and throttling."""

from harness import BOTH, PROBABLE, Case, expect

M = ("-m", "64M")
LETTERS = b"abcdefghijklmnopqrstuvwxyz"


def letters(count):
    return (LETTERS * (count // len(LETTERS) + 1))[:count]


def lasted(least, most):
    def check(run):
        expect(run.seconds >= least, f"ended after {run.seconds:.2f} s, before {least} s")
        expect(run.seconds < most * run.scale, f"ended after {run.seconds:.2f} s, later than {most} s")
    return check


def passed_on(stream, count, written, truncated):
    """Exactly count bytes came through, and the report knows how many there were."""
    def check(run):
        got = run.stdout if stream == "stdout" else run.stderr
        expect(got == letters(count), f"{len(got)} bytes of {stream} came through, not {count} (or others)")
        told = run.get(f"streams.{stream}", {})
        expect(bool(told.get("truncated")) == truncated, f"streams.{stream}.truncated {told.get('truncated')}")
        if written is not None:
            expect(told.get("bytes") == written, f"streams.{stream}.bytes {told.get('bytes')}, not {written}")
        else:
            expect(told.get("bytes", 0) >= count, f"streams.{stream}.bytes {told.get('bytes')}")
    return check


def fork_refused(run):
    expect(b"fork: " in run.stderr, "the workload was not refused a fork")


CASES = [
    Case("time/wall", ("sleep", "60"), "timeout/wall", 124, (*M, "-t", "300ms"), check=lasted(0.3, 2), alone=True),
    Case("time/wall_not_reached", ("sleep", "0.1"), "ok/clean", 0, (*M, "-t", "60s"), check=lasted(0.1, 2),
         alone=True),
    Case("time/wall_in_a_child", ("sh", "-c", "sleep 60; exit 0"), "timeout/wall", 124, (*M, "-t", "200ms")),
    Case("time/cpu", ("spin_cpu", "30"), "timeout/cpu", 124, (*M, "--cpu-time", "300ms"), check=lasted(0.3, 4),
         alone=True),
    Case("time/cpu_of_children", ("sh", "-c", '"$0" 30; exit 0', "{workloads}/spin_cpu"), "timeout/cpu", 124,
         (*M, "--cpu-time", "300ms"), alone=True),
    Case("time/cpu_ignores_sleep", ("sleep", "0.5"), "ok/clean", 0, (*M, "--cpu-time", "300ms")),
    Case("time/grace_used_up", ("ignore_term",), "timeout/wall", 124, (*M, "-t", "200ms", "--grace", "300ms"),
         check=lasted(0.5, 3), alone=True),
    Case("time/grace_taken", ("sh", "-c", 'trap "exit 0" TERM; sleep 60 & wait'), "timeout/wall", 124,
         (*M, "-t", "200ms", "--grace", "10s"), check=lasted(0.2, 3), alone=True),

    Case("pids/refused", ("fork_bomb_bounded", "64"), "policy_violation/pids", 1, (*M, "--pids", "8"),
         confidence=PROBABLE, check=fork_refused),
    Case("pids/enough", ("fork_bomb_bounded", "8"), "ok/clean", 0, (*M, "--pids", "16"),
         check=lambda run: expect(run.get("processes.killed_at_end") == 8, f"{run.get('processes')}")),
    Case("pids/verdict_status", ("fork_bomb_bounded", "64"), "policy_violation/pids", 15,
         (*M, "--pids", "8", "--exit-code", "verdict"), confidence=PROBABLE),

    Case("output/stdout_cap", ("print_bytes", "1000000"), "output_limit/stdout", 125,
         (*M, "-q", "--output-max", "4096"), check=passed_on("stdout", 4096, None, True)),
    Case("output/stderr_cap", ("print_bytes", "1000000", "stderr"), "output_limit/stderr", 125,
         (*M, "-q", "--output-max", "4096"), check=passed_on("stderr", 4096, None, True)),
    Case("output/odd_cap", ("print_bytes", "1000000"), "output_limit/stdout", 125,
         (*M, "-q", "--output-max", "70001"), check=passed_on("stdout", 70001, None, True)),
    Case("output/exactly_the_cap", ("print_bytes", "4096"), "ok/clean", 0,
         (*M, "-q", "--output-max", "4096"), check=passed_on("stdout", 4096, 4096, False)),
    Case("output/one_more", ("print_bytes", "4097"), "output_limit/stdout", 125,
         (*M, "-q", "--output-max", "4096"), check=passed_on("stdout", 4096, None, True)),
    Case("output/truncate", ("print_bytes", "1000000"), "ok/clean", 0,
         (*M, "-q", "--output-max", "4096", "--output-truncate"), check=passed_on("stdout", 4096, 1000000, True)),
    Case("output/no_cap", ("print_bytes", "3000001"), "ok/clean", 0, (*M, "-q"),
         check=passed_on("stdout", 3000001, 3000001, False)),
    Case("output/verdict_status", ("print_bytes", "1000000"), "output_limit/stdout", 14,
         (*M, "--output-max", "4096", "--exit-code", "verdict")),

    # throttling exists on v2 only; elsewhere what cannot be enforced is an error
    Case("stall/throttled", ("touch_pages", "48M"), "timeout/throttled", 124,
         (*M, "--memory-high", "4M", "-t", "3s"), worlds=("v2",), alone=True),
    Case("stall/memory_high_on_v1", ("exit_with", "0"), None, 125, (*M, "--memory-high", "4M"), worlds=("v1",)),
    Case("stall/nobody_to_kill", ("unkillable", "64M"), "timeout/stalled_at_limit", 124,
         ("-m", "16M", "--stall-time", "1s"), worlds=("v2",), needs=("cap_sys_resource",), alone=True,
         check=lasted(1, 8)),
    Case("stall/off", ("unkillable", "64M"), ("timeout/wall", "timeout/stalled_at_limit"), 124,
         ("-m", "16M", "--stall-time", "off", "-t", "3s"), worlds=("v2",), needs=("cap_sys_resource",), alone=True,
         check=lasted(3, 8)),
    Case("stall/killer_switched_off", ("oom_killer_off", "64M"), "timeout/stalled_at_limit", 124,
         ("-m", "16M", "--stall-time", "1s"), worlds=("v1",), alone=True, confidence=PROBABLE, check=lasted(1, 8)),

    Case("tree/survivors_killed", ("setsid_survivors", "30"), "ok/clean", 0, (*M, "-q"), worlds=BOTH, alone=True,
         check=lambda run: (
             expect(run.get("processes.killed_at_end") == 30, f"{run.get('processes')}"),
             expect(run.stdout == b"left 30\n", f"standard output is {run.stdout!r}"),
             lasted(0, 2)(run))),
    Case("tree/wait_tree", ("sh", "-c", "(sleep 0.5; echo late) & exit 6"), "failed/exit", 6, (*M, "-q", "--wait-tree"),
         alone=True, check=lambda run: (
             expect(run.stdout == b"late\n", f"standard output is {run.stdout!r}"),
             expect(run.get("processes.killed_at_end") == 0, f"{run.get('processes')}"),
             lasted(0.5, 3)(run))),
    Case("tree/wait_tree_time_limit", ("sh", "-c", "sleep 60 & exit 0"), "timeout/wall", 124,
         (*M, "--wait-tree", "-t", "300ms"), alone=True, check=lasted(0.3, 3)),
]
