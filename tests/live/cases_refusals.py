# SPDX-License-Identifier: MIT
"""Allocations refused inside the process, caught and not."""

import resource

from groups import read, write
from harness import PROBABLE, Case, expect

MIB = 1 << 20
GIB = 1 << 30
FAIL = ("-m", "64M", "--at-limit", "fail")


def refusals(least, largest=None, cause=("rlimit_data", "at_limit_fail")):
    def check(run):
        seen = run.get("alloc_failures", {})
        expect(seen.get("count", 0) >= least, f"alloc_failures.count {seen.get('count')}, not at least {least}")
        if largest:
            expect(seen.get("largest_bytes", 0) >= largest, f"largest_bytes {seen.get('largest_bytes')}")
        named = seen.get("first", {}).get("cause")
        expect(named in cause, f"first.cause {named}, not {' or '.join(cause)}")
        expect(seen.get("witnesses"), "no witness is named")
    return check


def retried(run):
    expect(run.get("alloc_failures.retried", 0) >= 1, f"retried: {run.get('alloc_failures')}")


def thread_stack(run):
    refusals(1)(run)
    expect(run.get("alloc_failures.first.function") == "pthread_create", f"{run.get('alloc_failures.first')}")


def no_refusal(run):
    expect(not run.get("alloc_failures.count", 0), f"refusals: {run.get('alloc_failures')}")


def covered_or_said(run):
    """A static program: either somebody saw the refusal, or the report says that nobody looked."""
    if run.get("verdict") == "failed":
        coverage = run.get("alloc_failures.coverage", {})
        expect(not coverage.get("covered") or coverage.get("uncovered"), f"claims coverage: {coverage}")


def overcommit(mode):
    def setup(run):
        before = read("/proc/sys/vm/overcommit_memory").strip()
        run.cleanups.append(lambda: write("/proc/sys/vm/overcommit_memory", before))
        write("/proc/sys/vm/overcommit_memory", mode)
    return setup


def overcommit_told(run):
    refusals(1, 64 * GIB, cause=("overcommit",))(run)
    expect(run.get("host.memory_bytes", 0) > 0, "the report does not say how much memory the host has")


LOADER = "a: error while loading shared libraries: libb.so: cannot map zero-fill pages: Cannot allocate memory"


def uncovered(command):
    def check(run):
        coverage = run.get("alloc_failures.coverage")
        expect(any(text.startswith(command + " (") for text in coverage["uncovered"]), f"coverage: {coverage}")
        expect(coverage["processes"] > coverage["covered"] > 0, f"coverage: {coverage}")
    return check


CASES = [
    Case("refused/little_by_little", ("malloc_until_null", "1M"), "alloc_failure/refused", 1, FAIL,
         confidence=PROBABLE, check=refusals(1)),
    Case("refused/one_large", ("malloc_once", "1G"), "alloc_failure/refused", 1, FAIL, check=refusals(1, GIB)),
    Case("refused/caught", ("malloc_until_null", "1M", "1G", "recover"), "ok/recovered_alloc_failure", 0, FAIL,
         check=refusals(1)),
    Case("refused/unchecked", ("malloc_once", "1G", "unchecked"), "alloc_failure/unchecked", 139, FAIL,
         check=refusals(1, GIB)),
    Case("refused/in_a_child", ("sh", "-c", '"$0" 1G; exit 4', "{workloads}/malloc_once"), "alloc_failure/refused", 4,
         FAIL, confidence=PROBABLE, check=refusals(1, GIB)),
    Case("refused/exit_code_verdict", ("malloc_once", "1G"), "alloc_failure/refused", 11,
         (*FAIL, "--exit-code", "verdict")),
    Case("refused/reservations_are_none", ("reserve_only", "16G"), "ok/clean", 0, FAIL, check=no_refusal),
    # what was refused is granted later: retried, not a failure
    Case("refused/lets_go_again", ("give_back", "1M"), "ok/clean", 0, FAIL, check=retried),
    # a refused stack is EAGAIN, as too many processes are; one that nobody touches is not refused: fits/60_threads
    Case("refused/thread_stacks", ("many_threads", "60", "4M"), "alloc_failure/refused", 1, FAIL, check=thread_stack),
    Case("refused/threads_at_pids", ("many_threads", "60"), "policy_violation/pids", 1,
         ("-m", "64M", "--pids", "8"), confidence=("medium",), check=no_refusal),
    Case("refused/page_cache_is_none", ("page_cache", "{dir}/big", "96M"), ("ok/clean", "ok/under_pressure"), 0, FAIL,
         check=no_refusal),
    Case("refused/not_under_kill", ("malloc_once", "48M"), "ok/clean", 0, ("-m", "64M"), check=no_refusal),
    Case("refused/below_the_limit", ("malloc_once", "32M"), "ok/clean", 0, FAIL, check=no_refusal),
    Case("refused/tmpfs_is_still_killed", ("tmpfs_hog", "/dev/shm", "256M"), "oom_kill/own_limit", 137, FAIL),
    # no faster than the look of a supervisor on a busy machine
    Case("refused/many_processes", ("sh", "-c", 'for i in 1 2 3 4; do "$0" 256K 1G slowly & done; wait; exit 5',
                                    "{workloads}/malloc_until_null"),
         "alloc_failure/refused", 5, FAIL, confidence=PROBABLE, check=refusals(4)),
    Case("refused/static_program", ("malloc_until_null_static", "1M"), ("alloc_failure/refused", "failed/exit"), 1,
         FAIL, confidence=(*PROBABLE, "low"), check=covered_or_said),
    Case("refused/no_witness", ("malloc_once", "1G"), ("failed/exit", "alloc_failure/refused"), 1,
         (*FAIL, "--witness", "none"), confidence=(*PROBABLE, "low"), check=covered_or_said),
    # The caller's own hard limit: ours would follow what the loader maps, where that takes long enough.
    Case("refused/while_loading", ("needs_wide_library",), "alloc_failure/at_exec", 127, FAIL, confidence=("medium",),
         caller=lambda: resource.setrlimit(resource.RLIMIT_DATA, (32 * MIB, 32 * MIB))),
    Case("refused/loaded", ("needs_wide_library",), "ok/clean", 0, ("-m", "128M", "--at-limit", "fail"),
         check=no_refusal),
    Case("refused/loader_words", ("sh", "-c", f"echo '{LOADER}' >&2; exit 127"), "failed/exit", 127, FAIL,
         confidence=PROBABLE),
    Case("refused/loader_words_under_kill", ("lying_stderr", LOADER, "127"), "failed/exit", 127, ("-m", "64M"),
         confidence=PROBABLE),
    Case("refused/static_child", ("sh", "-c", '"$0" 1M 32M; sleep 0.1', "{workloads}/malloc_until_null_static"),
         "ok/clean", 0, ("-m", "64M"), check=uncovered("malloc_until_null_static")),
    Case("refused/overcommit", ("malloc_once", "100G"), "alloc_failure/refused", 1, ("-m", "64M"),
         worlds=("guest",), alone=True, setup=overcommit("0"), check=overcommit_told),
]
