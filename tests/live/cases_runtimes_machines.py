# SPDX-License-Identifier: MIT
"""Virtual machines with a heap limit of their own: Java, Node, PHP."""

from harness import PROBABLE, SURE, expect
from runtimes import BUILT, MIB, READ, every, matrix, message, nothing_refused, refused, row, source

KILL = ("-m", "256M")
FAIL = (*KILL, "--at-limit", "fail")
# no counters in /tmp, no report of the crash in the working directory
JAVA = ("java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:ErrorFile=/dev/null", "-cp", BUILT)
# Interpreted: the VM ends of a refusal to its own compiler, whoever else was about to catch one.
OUTSIDE = (*JAVA, "-Xint", "-Xms16m", "-Xmx64m", "-XX:MaxDirectMemorySize=2g")
SMALL_HEAP = (*JAVA, "-Xmx64m")
LARGE_HEAP = (*JAVA, "-Xms16m", "-Xmx2g")
NODE_HUGE = 2**32 - 1
NODE = ("node", source("allocate.js"))
NODE_CAP = ("node", "--max-old-space-size=64", source("allocate.js"), "heap")
PHP_CAP = ("php", "-d", "memory_limit=32M", "-d", "log_errors=1", source("allocate.php"), "grow")
NEED_JAVA, NEED_NODE, NEED_PHP = ("runtime_java",), ("runtime_node",), ("runtime_php",)


def last_words(text):
    """Of Node's last output; the rest are the times of its last collections, and where the last began."""
    return b"".join(line for line in text.splitlines(True) if line.startswith(b"FATAL ERROR"))


def capped(name, argv, status, options, needs, runtime, **more):
    """A heap limit of the runtime's own: nothing was refused by anybody else."""
    def told(run):
        said = " ".join(run.get("because", []))
        expect("its own cap, not the cage's limit" in said and f"message of {runtime}:" in said, said)
    return row(name, argv, "alloc_failure/runtime_heap", status, options, every(nothing_refused, told), needs,
               confidence=PROBABLE, **more)


CASES = [
    row("java/near", (*SMALL_HEAP, "Allocate", "near", "40"), READ, 0, FAIL, nothing_refused, NEED_JAVA),
    row("java/near_kill", (*SMALL_HEAP, "Allocate", "near", "40"), READ, 0, KILL, nothing_refused, NEED_JAVA),
    row("java/caught", (*OUTSIDE, "Allocate", "direct_caught"), "ok/recovered_alloc_failure", 0, FAIL, refused(MIB),
        NEED_JAVA),
    row("java/uncaught", (*OUTSIDE, "Allocate", "direct"), "alloc_failure/refused", 1, FAIL,
        every(refused(MIB), message("java")), NEED_JAVA, confidence=SURE),
    # the heap cannot grow into its reservation: the machine ends, and no catch block helps
    row("java/heap_refused", (*LARGE_HEAP, "Allocate", "grow"), "alloc_failure/refused", 1, FAIL,
        every(refused(1), message("java native")), NEED_JAVA, confidence=PROBABLE),
    # before any user code; that it was so early nobody sees yet
    row("java/start_refused", (*JAVA, "-Xms2g", "-Xmx2g", "Allocate", "hello"),
        ("alloc_failure/refused", "alloc_failure/at_exec"), 1, FAIL, refused(1), NEED_JAVA, confidence=PROBABLE),
    row("java/killed", (*OUTSIDE, "Allocate", "direct"), "oom_kill/own_limit", 137, KILL, needs=NEED_JAVA,
        victim="main"),
    capped("java/own_cap", (*SMALL_HEAP, "Allocate", "grow"), 1, KILL, NEED_JAVA, "java"),
    capped("java/own_cap_fail", (*SMALL_HEAP, "Allocate", "grow"), 1, FAIL, NEED_JAVA, "java"),
    capped("java/own_cap_exit", (*SMALL_HEAP, "-XX:+ExitOnOutOfMemoryError", "Allocate", "grow"), 3, KILL, NEED_JAVA,
           "java"),
    # Caught inside, with no refused allocation at all: only a look into the machine itself tells,
    # see cases_runtime_witness.py.
    row("java/own_cap_caught", (*SMALL_HEAP, "Allocate", "caught"), READ, 0, KILL, nothing_refused, NEED_JAVA),

    # The command's own end is judged, and sh has no heap: text alone is never enough.
    row("java/own_cap_in_a_child", ("sh", "-c", '"$@"; exit $?', "sh", *SMALL_HEAP, "Allocate", "grow"), "failed/exit",
        1, KILL, nothing_refused, NEED_JAVA, confidence=PROBABLE),

    *matrix("node", NODE, NEED_NODE, 256, 100, NODE_HUGE, caught=True, uncaught=1, grown=134,
            grown_by=256 << 10),    # what its heap is committed by
    capped("node/own_cap", NODE_CAP, 134, KILL, NEED_NODE, "node", normalise=last_words),
    capped("node/own_cap_fail", NODE_CAP, 134, ("-m", "512M", "--at-limit", "fail"), NEED_NODE, "node",
           normalise=last_words),
    capped("php/own_cap", PHP_CAP, 255, KILL, NEED_PHP, "php"),
    capped("php/own_cap_fail", PHP_CAP, 255, FAIL, NEED_PHP, "php"),
]
