# SPDX-License-Identifier: MIT
"""The rows of the runtimes once more, watched in another way, and not watched at all."""

import dataclasses
import fnmatch

from harness import expect, listed

# As seen by a virtual machine of one slow processor: every kind of program, and no virtual machine of
# a language, which takes as long to start there as all these together.
IN_A_GUEST = ("runtime/c_glibc/*", "runtime/c_static/*", "runtime/c_musl/caught", "runtime/c_musl/killed",
              "runtime/c_jemalloc/uncaught", "runtime/c_tcmalloc_preloaded/uncaught", "runtime/c++/*", "runtime/rust/*",
              "runtime/python/*", "runtime/perl/*", "runtime/lua/caught", "runtime/lua/grow", "runtime/php/uncaught",
              "runtime/ruby/caught", "runtime/bash/grow", "runtime/bash/killed", "runtime/mawk/killed",
              "runtime/gawk/grow", "runtime/sort/*", "runtime/words/all_*", "runtime/words/[0-4]_1")
# jemalloc and Java map more than they use, which RLIMIT_DATA counts. Who looks a second time is the library
# and the tracer; the program in the kernel stops nobody, so these may be refused while they fit.
REFUSED_UNDER_BPF = ("runtime/c_jemalloc/near", "runtime/c_jemalloc_preloaded/near", "runtime/java/caught",
                     "runtime/java/near")
REFUSALS = ("alloc_failure/refused", "ok/recovered_alloc_failure")


# One processor is always busy, and what holds there holds where there are two. A search or a sweep takes
# many runs, and what it makes of them is the same on v1.
NOT_IN_A_GUEST = ("fits/*_on_a_busy_machine", "fits/perl", "fits/c_small", "fits/after_[!f]*", "fit/fail", "fit/expect",
                  "fit/words", "fit/precision", "fit/picture*", "sweep/replays", "sweep/budget", "sweep/interrupted")


def in_a_guest(case):
    if any(fnmatch.fnmatch(case.name, pattern) for pattern in NOT_IN_A_GUEST):
        return False
    return not case.witness or any(fnmatch.fnmatch(case.name, pattern) for pattern in IN_A_GUEST)


def with_witness(options, witness):
    at = options.index("--witness") + 1
    return (*options[:at], witness, *options[at + 1:])


def by(case, witnesses):
    """The row as the named witnesses of refusals see it. Signature and kernel log, which see none,
    stay: without them there is no runtime_heap, and nobody tells whose limit it was."""
    base = case.name
    case = dataclasses.replace(case, name=f"{case.name}@{witnesses}", witness=witnesses,
                               options=with_witness(case.options, witnesses + ",signature,kmsg"))
    if "preload" in witnesses.split(","):
        return case
    if witnesses == "bpf":
        case.needs = (*case.needs, "bpf")
    if witnesses == "bpf" and base in REFUSED_UNDER_BPF:
        return dataclasses.replace(case, verdict=(*listed(case.verdict), *REFUSALS), status=(0, 1, 3), check=None,
                                   confidence=("certain", "high", "medium"))
    if case.verdict in REFUSALS:    # from outside
        case.confidence = ("medium",)
    return dataclasses.replace(case, **(case.outside or {}))


def without_limit_in_process(options):
    """At --at-limit kill nothing that memcage does is meant to be seen by the program."""
    words = list(options)
    if "--at-limit" in words:
        at = words.index("--at-limit")
        del words[at:at + 2]
    return tuple(words)


def ends_the_same(harness, run):
    """Exit status and both streams, byte for byte."""
    seen = {}
    for witness in ("none", "auto"):
        run.case.options = with_witness(run.case.options, witness)
        run.report = run.report_text = None
        harness.call(run.case, run)
        run.kernel_kills = harness.log.take()
        harness.load_report(run.case, run)
        watched = run.get("alloc_failures.witnesses")
        expect(("preload" in watched) == (witness == "auto"), f"--witness {witness}: {watched}")
        change = run.case.normalise or (lambda text: text)
        seen[witness] = (run.status, change(run.stdout), change(run.stderr))
    expect(seen["none"] == seen["auto"], f"without {seen['none']}, with {seen['auto']}")


def unwatched_too(cases):
    """Every program and limit of the rows once, at --at-limit kill."""
    found = {}
    for case in cases:
        options = (*without_limit_in_process(case.options), "-q")
        same = dataclasses.replace(case, name=case.name + "@none", options=options, drive=ends_the_same,
                                   check=None, timeout=2 * case.timeout)
        found.setdefault((case.argv, options), same)
    return list(found.values())
