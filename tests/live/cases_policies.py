# SPDX-License-Identifier: MIT
"""Policies: their limits, options over them, their environment, and what is refused."""

import os

from cases_backends import call
from cases_isolation import enterable
from harness import Case, expect

POLICY = """summary: a policy of the tests
extends: kubernetes
limits:
  memory: 64M
  wall-time: 300ms
  pids: 8
environment:
  clear: true
  keep: [PATH]
  set: [PLACE=cage]
"""


def write_policy(text):
    def setup(run):
        with open(os.path.join(run.directory, "own.yaml"), "w", encoding="ascii") as file:
            file.write(text)
    return setup


def told(name, **limits):
    """The report names the policy, and has these limits."""
    def check(run):
        expect(run.get("policy") == name.format(dir=run.directory), f"policy {run.get('policy')}")
        for limit, value in limits.items():
            expect(run.get(f"limits.{limit}") == value, f"limits.{limit} {run.get(f'limits.{limit}')}, not {value}")
    return check


def printed(text):
    def check(run):
        expect(run.stdout == text, f"printed {run.stdout!r}")
    return check


def complained(words):
    def check(run):
        expect(words.encode() in run.stderr, f"said {run.stderr!r}")
        expect(run.stdout == b"", "the command ran")
    return check


SQLITE = ("import sqlite3; c = sqlite3.connect('/tmp/x.db'); c.execute('create table t (a)'); "
          "c.execute('insert into t values (1)'); c.commit(); print(c.execute('select a from t').fetchone())")
OWN = ("-p", "{dir}/own.yaml")
SAY = ("sh", "-c", "echo $PLACE $HOME $CI")

CASES = [
    Case("policy/plain", ("exit_with", "0"), "ok/clean", 0, ("-p", "plain"), check=told("plain")),
    Case("policy/none", ("exit_with", "0"), "ok/clean", 0, ("-m", "64M"),
         check=lambda run: expect(run.get("policy") is None, "a policy out of nowhere")),
    Case("policy/memory", ("touch_pages", "256M"), "oom_kill/own_limit", 137, (*OWN, "-t", "20s"),
         setup=write_policy(POLICY), files=("own.yaml",), check=told("{dir}/own.yaml", memory_bytes=64 << 20)),
    Case("policy/group", ("sh", "-c", '"$0" 256M; exit 0', "{workloads}/touch_pages"), "oom_kill/own_limit", 137,
         ("-p", "kubernetes", "-m", "64M"), victim=("group", "main"), check=told("kubernetes")),
    Case("policy/wall_time", ("sleep", "60"), "timeout/wall", 124, (*OWN, "--grace", "0"),
         setup=write_policy(POLICY), files=("own.yaml",), alone=True),
    Case("policy/option_wins", ("sleep", "0.6"), "ok/clean", 0, (*OWN, "-t", "20s", "-m", "max"),
         setup=write_policy(POLICY), files=("own.yaml",), check=told("{dir}/own.yaml", memory_bytes=None)),
    Case("policy/environment", SAY, "ok/clean", 0, (*OWN, "-t", "20s"), setup=write_policy(POLICY), files=("own.yaml",),
         check=printed(b"cage\n")),
    Case("policy/environment_of_options", SAY, "ok/clean", 0, (*OWN, "-t", "20s", "--env", "PLACE=home"),
         setup=write_policy(POLICY), files=("own.yaml",), check=printed(b"home\n")),
    Case("policy/environment_added", ("sh", "-c", "echo $CI"), "ok/clean", 0, ("-p", "github-actions"),
         check=printed(b"true\n")),
    Case("policy/wrong", ("exit_with", "0"), None, 125, OWN, setup=write_policy("limts: {memory: 64M}\n"),
         files=("own.yaml",), check=complained("own.yaml:1:1: unknown key 'limts'; did you mean 'limits'?")),
    Case("policy/unknown", ("exit_with", "0"), None, 125, ("-p", "kubernetis"),
         check=complained("no policy 'kubernetis'; did you mean 'kubernetes'?")),

    # what everyday programs insist on
    Case("policy/untrusted_sqlite", ("/usr/bin/python3", "-I", "-c", SQLITE), "ok/clean", 0, ("-p", "untrusted", "-q"),
         setup=enterable, needs=("python",), check=printed(b"(1,)\n")),
    Case("policy/untrusted_java", ("java", "-version"), "ok/clean", 0, ("-p", "untrusted", "-q"), setup=enterable,
         needs=("java",), check=printed(b""), timeout=60),
    Case("policy/judge_node", ("node", "-e", "console.log(1 + 1)"), "ok/clean", 0, ("-p", "judge", "-q", "--pids", "16"),
         setup=enterable, needs=("node",), check=printed(b"2\n"), timeout=60),

    Case("policy/command_list", drive=call("policy", "list", holds="kubernetes")),
    Case("policy/command_show", drive=call("policy", "show", "judge", holds="private")),
    Case("policy/command_check", drive=call("policy", "check", "judge", "docker", holds="docker: ok")),
    Case("policy/command_check_unknown", drive=call("policy", "check", "judge", "jugde", status=125)),
    Case("policy/command_unknown", drive=call("policy", "shwo", status=125)),
    Case("policy/command_without_name", drive=call("policy", "show", status=125)),
]
