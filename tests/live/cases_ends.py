# SPDX-License-Identifier: MIT
"""How commands end when memory has no part in it."""

import os

from harness import PROBABLE, Case, expect

MIB = 1 << 20


def plain_report(run):
    expect(run.get("memory.limit_bytes") == 64 * MIB, f"memory.limit_bytes {run.get('memory.limit_bytes')}")
    expect(0 < run.get("memory.peak_bytes", 0) < 64 * MIB, f"memory.peak_bytes {run.get('memory.peak_bytes')}")
    expect(run.get("exit.code") == 0, f"exit.code {run.get('exit.code')}")
    expect(run.get("processes.killed_at_end") == 0, "processes.killed_at_end is not 0")
    expect(run.get("limits.effective_bytes") == 64 * MIB, f"effective {run.get('limits.effective_bytes')}")
    expect(run.get("command.argv", [""])[0].endswith("touch_pages"), "command.argv is not what ran")
    lines = run.stderr.decode().splitlines()
    expect(len(lines) == 1 and lines[0].startswith("memcage: ok"), f"standard error is {lines}")


def no_limit(run):
    expect(run.get("memory.limit_bytes") is None, "a limit that nobody set")


def exit_code(code):
    def check(run):
        expect(run.get("exit.code") == code and run.get("exit.signal") is None, f"exit is {run.get('exit')}")
    return check


def ended_by(number, name):
    def check(run):
        expect(run.get("exit.signal") == number, f"exit is {run.get('exit')}")
        expect(run.get("exit.signal_name") == name, f"signal_name is {run.get('exit.signal_name')}")
        expect(run.get("exit.code") is None, "an exit code beside a signal")
    return check


def make_file(name, content, mode):
    def setup(run):
        with open(run.path(name), "wb") as file:
            file.write(content)
        os.chmod(run.path(name), mode)
    return setup


def names_error(run):
    expect(run.get("exit.code") is None, "an exit code of a command that never ran")
    expect(b"memcage: " in run.stderr, "nothing on standard error says why")


def told_apart(run):
    expect(run.get("exit.code") == 127, "the program's own 127 is lost")


M = ("-m", "64M")

CASES = [
    Case("ends/success", ("touch_pages", "8M"), "ok/clean", 0, M, confidence=("certain",), check=plain_report),
    Case("ends/no_limit", ("exit_with", "0"), "ok/clean", 0, (), check=no_limit),
    Case("ends/exit_3", ("exit_with", "3"), "failed/exit", 3, M, check=exit_code(3)),
    Case("ends/exit_137_on_purpose", ("exit_with", "137"), "failed/exit", 137, M, check=exit_code(137)),
    Case("ends/exit_124_on_purpose", ("exit_with", "124"), "failed/exit", 124, M, check=exit_code(124)),
    Case("ends/kill_9_self", ("sh", "-c", "kill -9 $$"), "killed/external", 137, M, check=ended_by(9, "SIGKILL")),
    Case("ends/kill_9_self_with_memory", ("kill_self", "9", "48M"), "killed/external", 137, M,
         check=ended_by(9, "SIGKILL")),
    Case("ends/segv", ("kill_self", "11"), "failed/crash", 139, M, check=ended_by(11, "SIGSEGV")),
    Case("ends/abort", ("kill_self", "6"), "failed/crash", 134, M, check=ended_by(6, "SIGABRT")),
    Case("ends/term", ("kill_self", "15"), "failed/signal", 143, M, check=ended_by(15, "SIGTERM")),
    Case("ends/usr1", ("kill_self", "10"), "failed/signal", 138, M, check=ended_by(10, "SIGUSR1")),
    Case("ends/stack_overflow", ("stack_overflow",), "failed/crash", 139, M),
    Case("ends/lying_stderr", ("lying_stderr",), "failed/exit", 1, M, confidence=PROBABLE),
    Case("ends/child_fails_main_succeeds", ("sh", "-c", "false; exit 0"), "ok/clean", 0, M),

    Case("exec/missing", ("no-such-command",), "not_started/exec", 127, M, check=names_error),
    Case("exec/missing_path", ("/nonexistent/command",), "not_started/exec", 127, M, check=names_error),
    Case("exec/not_executable", ("{dir}/plain",), "not_started/exec", 126, M,
         setup=make_file("plain", b"text\n", 0o644), files=("plain",), check=names_error),
    Case("exec/bad_elf", ("{dir}/bad",), "not_started/exec", 126, M,
         setup=make_file("bad", b"\x7fELF\x02\x01\x01" + b"\0" * 121, 0o755), files=("bad",), check=names_error),
    Case("exec/directory", ("{dir}",), "not_started/exec", 126, M, check=names_error),
    Case("exec/missing_interpreter", ("{dir}/script",), "not_started/exec", (126, 127), M,
         setup=make_file("script", b"#!/nonexistent/interpreter\n", 0o755), files=("script",), check=names_error),
    Case("exec/program_returns_127", ("exit_with", "127"), "failed/exit", 127, M, check=told_apart),
    Case("exec/program_returns_126", ("exit_with", "126"), "failed/exit", 126, M, check=exit_code(126)),
    Case("exec/chdir_missing", ("exit_with", "0"), "not_started/setup", 125, (*M, "--chdir", "/nonexistent")),

    Case("status/expect_met", ("exit_with", "3"), "failed/exit", 0, (*M, "--expect", "failed/exit")),
    Case("status/expect_verdict_only", ("touch_pages", "32M"), "oom_kill/own_limit", 0,
         ("-m", "8M", "--expect", "oom_kill")),
    Case("status/expect_not_met", ("exit_with", "0"), "ok/clean", 1, (*M, "--expect", "oom_kill")),
    Case("status/expect_other_reason", ("touch_pages", "32M"), "oom_kill/own_limit", 1,
         ("-m", "8M", "--expect", "oom_kill/host")),
    Case("status/expect_unknown", ("exit_with", "0"), None, 125, (*M, "--expect", "sunshine")),
    Case("status/expect_hides_no_error", ("exit_with", "0"), None, 125,
         ("-m", "twelve", "--expect", "not_started")),
    Case("status/verdict_ok", ("exit_with", "0"), "ok/clean", 0, (*M, "--exit-code", "verdict")),
    Case("status/verdict_failed", ("exit_with", "3"), "failed/exit", 10, (*M, "--exit-code", "verdict")),
    Case("status/verdict_oom_kill", ("touch_pages", "32M"), "oom_kill/own_limit", 12,
         ("-m", "8M", "--exit-code", "verdict")),
    Case("status/verdict_timeout", ("sleep", "60"), "timeout/wall", 13, (*M, "-t", "100ms", "--exit-code", "verdict")),
    Case("status/verdict_killed", ("kill_self", "9"), "killed/external", 16, (*M, "--exit-code", "verdict")),
    Case("status/verdict_not_started", ("no-such-command",), "not_started/exec", 17, (*M, "--exit-code", "verdict")),

    Case("options/unknown", ("exit_with", "0"), None, 125, ("--no-such-option",)),
    Case("options/size_nonsense", ("exit_with", "0"), None, 125, ("-m", "1e3")),
    Case("options/size_negative", ("exit_with", "0"), None, 125, ("-m", "-1")),
    Case("options/size_overflow", ("exit_with", "0"), None, 125, ("-m", "99999999999G")),
    Case("options/less_than_a_page", ("exit_with", "0"), None, 125, ("-m", "100")),
    Case("options/fail_needs_a_limit", ("exit_with", "0"), None, 125, ("--at-limit", "fail")),
    Case("options/no_command", (), None, 125, M),
]
