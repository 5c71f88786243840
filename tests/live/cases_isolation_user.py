# SPDX-License-Identifier: MIT
"""An ordinary user's commands behind walls: by a user namespace, in a group that is his own."""

import os

from harness import expect
from cases_isolation import M, STATUS, all_dropped, case

USER = 1000


def delegate(run):
    """The case's group becomes a user's, as systemd does it."""
    os.chmod(run.directory, 0o777)
    for above in (os.path.dirname(run.directory), os.path.dirname(os.path.dirname(run.directory))):
        os.chmod(above, os.stat(above).st_mode | 0o111)  # the guest's, and shared with nobody
    for name in ("", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"):
        os.chown(run.group.main + name, USER, USER)


def become_user():
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)


def as_user(name, argv, *arguments, **more):
    return case("user/" + name, argv, *arguments, worlds=("guest",), setup=delegate, caller=become_user, **more)


CASES = [
    as_user("sees", ("sh", "-c", "id -u; touch /x /usr/x; hostname; readlink /proc/1/root; kill -9 1; exit 3"),
            "failed/exit", 3, check=lambda run: expect(run.stdout == b"1000\ncage\n", f"{run.stdout!r}")),
    as_user("capabilities", STATUS, check=all_dropped),
    as_user("own_limit", ("touch_pages", "96M"), "oom_kill/own_limit", 137, victim="main"),
    as_user("survivors_end", ("setsid_survivors", "10"), check=lambda run: expect(
        run.get("processes.killed_at_end") >= 10, f"killed: {run.get('processes')}")),
    as_user("other_user", ("true",), None, 125, (*M, "--user", "0:0"),
            check=lambda run: expect(b"--user" in run.stderr, f"said {run.stderr!r}")),
    case("user/v1", ("true",), None, 125, worlds=("v1",), caller=become_user, setup=lambda run: os.chmod(
        run.directory, 0o777), check=lambda run: expect(b"cgroup v1 cannot be delegated" in run.stderr, f"{run.stderr!r}")),
]
