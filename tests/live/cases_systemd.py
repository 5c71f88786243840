# SPDX-License-Identifier: MIT
"""A group that cannot be divided, because others are in it: each command that makes cages asks systemd for
one of its own, once. systemd-run is played here, and its manager is a file in /run: nothing else asks it."""

import os
import shutil
import subprocess

from harness import Case, expect

SYSTEMD_RUN = """#!/bin/sh
echo "$@" >>{told}
while [ "$1" != -- ]; do shift; done
shift
mkdir -p {scope} && echo $$ >{scope}/cgroup.procs && exec "$@"
"""
JOB = '{"id": "a", "argv": ["true"]}\n'


def play_systemd(run):
    scope = os.path.join(os.path.dirname(run.group.main), "scope-" + run.group.name)
    for path in ("/run/systemd/system", "/run/systemd/private"):
        os.makedirs(path, exist_ok=True)
    os.mkdir(run.path("bin"))
    with open(run.path("bin/systemd-run"), "w", encoding="utf-8") as file:
        file.write(SYSTEMD_RUN.format(told=run.path("told"), scope=scope))
    os.chmod(run.path("bin/systemd-run"), 0o755)
    other = subprocess.Popen(["sleep", "1000"], preexec_fn=run.group.enter)

    def clean():
        other.kill()
        other.wait()
        for path, _, _ in os.walk(scope, topdown=False):
            os.rmdir(path)
        shutil.rmtree("/run/systemd")
    run.cleanups.append(clean)
    return other


def asks(command, *words):
    def drive(harness, run):
        other = play_systemd(run)
        done = subprocess.run([harness.program, command, *words], cwd=run.directory, input=JOB, capture_output=True, text=True,
                              check=False, timeout=60 * run.scale, preexec_fn=run.group.enter,
                              env={**os.environ, "PATH": run.path("bin") + ":" + os.environ["PATH"]})
        expect(done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout} {done.stderr}")
        with open(run.path("told"), encoding="utf-8") as file:
            told = file.read().splitlines()
        expect(len(told) == 1 and "--scope" in told[0] and "Delegate=yes" in told[0], f"systemd-run was told {told}")
        expect(other.poll() is None, "who else was in the group has ended")
        other.kill()
        other.wait()
        shutil.rmtree(run.path("bin"))
        os.unlink(run.path("told"))
    return drive


CASES = [Case(f"systemd/{command}", drive=asks(command, *words), worlds=("guest",), needs=("systemd_run",),
              alone=True, timeout=60) for command, *words in (
    ("run", "-m", "64M", "-q", "--", "true"),
    ("batch", "-m", "64M", "-q", "-"),
    ("sweep", "-m", "64M", "--", "sh", "-c", "exit 0"),
    ("fit", "--repeat", "1", "--precision", "8M", "--", "true"),
)]
