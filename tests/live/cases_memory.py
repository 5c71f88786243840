# SPDX-License-Identifier: MIT
"""OOM kills at the cage's own limit, by everything that can use memory; and what is none."""

from harness import SURE, Case, expect

MIB = 1 << 20
M16 = ("-m", "16M")
DEAD = dict(verdict="oom_kill/own_limit", status=137)


def kill_is_told(run):
    expect(run.get("exit.signal") == 9, f"exit is {run.get('exit')}")
    expect(run.get("memory.limit_bytes") == 16 * MIB, f"limit {run.get('memory.limit_bytes')}")
    # the charge batch of each processor may be missing from the peak, or on top of it
    expect(run.get("memory.peak_bytes", 0) > 15 * MIB, f"peak {run.get('memory.peak_bytes')}")
    expect(run.get("limits.effective_owner") is not None, "no limits.effective_owner")


def kill_has_a_name(run):
    kill_is_told(run)
    kills = run.get("oom_kills", [])
    expect(len(kills) >= 1, "no entry in oom_kills")
    expect(kills[0].get("command") == "touch_pages", f"killed command {kills[0].get('command')}")
    expect(kills[0].get("rss_bytes", 0) > 8 * MIB, f"rss {kills[0].get('rss_bytes')}")


def exited(code):
    def check(run):
        expect(run.get("exit.code") == code, f"exit is {run.get('exit')}")
        expect(b"child" in run.stderr, "the summary does not say that a child was killed")
    return check


def no_kill(run):
    expect(not run.get("oom_kills"), "a kill in the report")
    expect(run.get("memory.peak_bytes", 0) > 14 * MIB, f"peak {run.get('memory.peak_bytes')}")


def tiny(run):
    """What a limit below the needs of loading looks like: never a plain failure, never a guess."""
    verdict = run.get("verdict")
    expect(run.status == {"not_started": 125, "oom_kill": 137, "ok": 0}[verdict],
           f"exit status {run.status} with {verdict}")
    if verdict == "oom_kill":
        expect(any("load" in line for line in run.get("because")), "no line says that loading needs more")


def group_died(run):
    kill_is_told(run)
    if run.world == "v1":
        expect("oom_group_emulated" in run.get("enforcement.mechanisms", []), "mechanisms lack oom_group_emulated")


TOO_SMALL, OWN, OK = "not_started/limit_too_small", "oom_kill/own_limit", "ok/clean"
PASSES = (OK, "ok/under_pressure")

CASES = [
    Case("oom/own_limit", ("touch_pages", "64M"), **DEAD, options=M16, victim="main",
         confidence=SURE, log=True, check=kill_is_told, needs=("kernel_log",)),
    Case("oom/kernel_names_the_victim", ("touch_pages", "64M"), **DEAD, options=M16, victim="main",
         log=True, needs=("kernel_log",), check=kill_has_a_name),
    Case("oom/kill_wins_over_time_limit", ("touch_pages", "64M", "60000"), **DEAD, options=(*M16, "-t", "20s")),
    Case("oom/grandchild_all_above_exit_0", ("grandchild_hog", "64M"), OWN, 0, M16, victim="descendant",
         check=exited(0)),
    Case("oom/grandchild_main_exits_5", ("grandchild_hog", "64M", "5"), OWN, 5, M16, victim="descendant",
         check=exited(5)),
    Case("oom/grandchild_main_exits_137", ("grandchild_hog", "64M", "137"), OWN, 137, M16, victim="descendant",
         check=exited(137)),
    # on v1 memcage itself empties the cage: the main process must still be there to see it
    Case("oom/whole_group", ("sh", "-c", '"$0" 64M; sleep 60', "{workloads}/grandchild_hog"), OWN, 137,
         (*M16, "--oom-group"), victim="group", check=group_died),
    Case("oom/tmpfs", ("tmpfs_hog", "/dev/shm", "64M"), **DEAD, options=M16),
    Case("oom/memfd", ("memfd_hog", "64M"), **DEAD, options=M16),
    Case("oom/sysv_shm", ("shm_hog", "64M"), **DEAD, options=M16),
    Case("oom/pipe_buffers", ("pipe_hog", "32M"), OWN, 137, ("-m", "8M")),
    # one kill event, two deaths: only the event is counted, and the main process is one of the dead
    Case("oom/vfork", ("vfork_hog", "64M"), **DEAD, options=M16, victim=("main", "unknown", "descendant")),
    Case("oom/clone_vm", ("clone_vm_hog", "64M"), **DEAD, options=M16, victim=("main", "unknown", "descendant")),
    Case("oom/python", ("/usr/bin/python3", "-S", "-c", "b = bytearray(1 << 28)"), OWN, 137, ("-m", "64M"),
         victim="main", needs=("python",)),

    Case("pressure/page_cache", ("page_cache", "{dir}/big", "64M"), "ok/under_pressure", 0, M16, check=no_kill),
    Case("pressure/almost_full", ("touch_pages", "12M"), PASSES, 0, M16),

    Case("tiny/4K", ("/bin/true",), (TOO_SMALL, OWN), (125, 137), ("-m", "4K"), check=tiny),
    Case("tiny/64K", ("/bin/true",), (TOO_SMALL, OWN), (125, 137), ("-m", "64K"), check=tiny),
    Case("tiny/128K", ("/bin/true",), (TOO_SMALL, OWN, *PASSES), (125, 137, 0), ("-m", "128K"), check=tiny),
    Case("tiny/256K", ("/bin/true",), (TOO_SMALL, OWN, *PASSES), (125, 137, 0), ("-m", "256K"), check=tiny),
    Case("tiny/4M", ("/bin/true",), PASSES, 0, ("-m", "4M"), check=tiny),
]
