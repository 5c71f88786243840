# SPDX-License-Identifier: MIT
"""Whose limit it was: ours, one above, one inside, or the host's."""

import os

from harness import PROBABLE, Case, expect

MIB = 1 << 20


def ancestor_is_named(run):
    name = os.path.basename(run.group.main)
    above = [one for one in run.get("ancestors", []) if one.get("path", "").endswith(name)]
    expect(above, f"ancestors do not name the group {name}")
    expect(above[0].get("limit_bytes") == 32 * MIB, f"its limit is told as {above[0].get('limit_bytes')}")
    expect(run.get("limits.effective_bytes") == 32 * MIB, f"effective {run.get('limits.effective_bytes')}")
    expect(run.get("limits.effective_owner") != "own", "the effective limit is said to be ours")
    expect(run.get("warnings"), "no warning of an outer limit that is lower")
    expect(name.encode() in run.stderr, "the summary does not name the group whose limit it was")


def ancestor_in_kill(run):
    ancestor_is_named(run)
    name = os.path.basename(run.group.main)
    owners = [str(one.get("limit_owner")) for one in run.get("oom_kills", [])]
    expect(any(name in owner or "ancestor" in owner for owner in owners), f"limit_owner is {owners}")


def outer_limit_unharmed(run):
    expect(run.get("limits.effective_bytes") == 16 * MIB, f"effective {run.get('limits.effective_bytes')}")


def owner_is_the_kernels(run):
    """Parent and leaf have one limit: the verdict must be the kernel's own account."""
    ours = [(owner, task) for owner, task in run.kernel_kills if f"/{run.group.name}/" in task + "/"]
    expect(ours, f"no kernel record of the kill: {run.kernel_kills}")
    owner, task = ours[0]
    reason = "own_limit" if owner == task else "ancestor_limit"
    expect(run.get("reason") == reason, f"{run.get('reason')}, and the kernel says oom_memcg={owner}, task={task}")


def exit_is_clean(run):
    expect(run.get("exit.code") == 0, f"exit is {run.get('exit')}")


CASES = [
    Case("owner/ancestor", ("touch_pages", "128M"), "oom_kill/ancestor_limit", 137, ("-m", "64M"),
         outer=32 * MIB, victim="main", log=True, check=ancestor_in_kill, needs=("kernel_log",)),
    Case("owner/ancestor_of_unlimited_leaf", ("touch_pages", "128M"), "oom_kill/ancestor_limit", 137, (),
         outer=32 * MIB, log=True, needs=("kernel_log",)),
    Case("owner/ancestor_grandchild", ("grandchild_hog", "128M"), "oom_kill/ancestor_limit", 0, ("-m", "64M"),
         outer=32 * MIB, victim="descendant", log=True, needs=("kernel_log",)),
    Case("owner/ancestor_not_reached", ("touch_pages", "8M"), "ok/clean", 0, ("-m", "64M"), outer=32 * MIB,
         check=lambda run: expect(run.get("warnings"), "no warning of an outer limit that is lower")),
    Case("owner/own_below_ancestor", ("touch_pages", "64M"), "oom_kill/own_limit", 137, ("-m", "16M"),
         outer=64 * MIB, log=True, check=outer_limit_unharmed, needs=("kernel_log",)),
    Case("owner/equal_limits", ("touch_pages", "128M"), ("oom_kill/own_limit", "oom_kill/ancestor_limit"), 137,
         ("-m", "32M"), outer=32 * MIB, log=True, check=owner_is_the_kernels, needs=("kernel_log",)),
    Case("owner/inner_limit", ("inner_limit", "8M", "32M"), "oom_kill/inner_limit", 0, ("-m", "64M"),
         victim="descendant", confidence=PROBABLE, log=True, check=exit_is_clean, needs=("kernel_log",)),
    Case("owner/inner_group_own_limit", ("inner_limit", "256M", "128M"), "oom_kill/own_limit", 0, ("-m", "32M"),
         victim="descendant", confidence=PROBABLE, log=True, needs=("kernel_log",)),
    Case("owner/inner_group_unharmed", ("inner_limit", "32M", "8M"), "ok/clean", 0, ("-m", "64M")),
]
