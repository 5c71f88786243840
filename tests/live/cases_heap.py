# SPDX-License-Identifier: MIT
"""Runtimes that reach a heap limit of their own, and programs that only say so."""

import base64

from harness import PROBABLE, Case, expect

LIMIT = ("-m", "512M")
MEDIUM = ("medium",)

# class Full { public static void main(String[] a) throws Exception { Object o = new byte[1 << 30]; } }
FULL = """
yv66vgAAADQAEAoAAgADBwAEDAAFAAYBABBqYXZhL2xhbmcvT2JqZWN0AQAGPGluaXQ+AQADKClWA0AAAAAHAAkBAARGdWxs
AQAEQ29kZQEABG1haW4BABYoW0xqYXZhL2xhbmcvU3RyaW5nOylWAQAKRXhjZXB0aW9ucwcADwEAE2phdmEvbGFuZy9FeGNl
cHRpb24AIAAIAAIAAAAAAAIAAAAFAAYAAQAKAAAAEQABAAEAAAAFKrcAAbEAAAAAAAkACwAMAAIACgAAABIAAQACAAAABhIH
vAhMsQAAAAAADQAAAAQAAQAOAAA=
"""
JAVA = ("java", "-Xmx32m", "-XX:+UseSerialGC", "-cp", ".", "Full")
JAVA_TEXT = 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space'
NODE_TEXT = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
PHP_TEXT = "PHP Fatal error:  Allowed memory size of 67108864 bytes exhausted (tried to allocate 20480 bytes)"


def full_class(run):
    with open(run.path("Full.class"), "wb") as file:
        file.write(base64.b64decode(FULL))


def said_by(runtime, image):
    def check(run):
        signature = run.get("signature") or {}
        expect(signature.get("runtime") == runtime, f"signature: {signature}")
        expect(signature.get("image_matches") is image, f"signature: {signature}")
    return check


def heap(name, argv, runtime, status, needs, **more):
    return Case(f"heap/{name}", argv, "alloc_failure/runtime_heap", status, LIMIT, confidence=MEDIUM, needs=(needs,),
                check=said_by(runtime, True), timeout=60, **more)


def lie(name, argv, runtime, verdict, status, **more):
    return Case(f"heap/{name}", argv, verdict, status, LIMIT, confidence=PROBABLE, check=said_by(runtime, False),
                **more)


CASES = [
    heap("java", JAVA, "java", 1, "java", setup=full_class, files=("Full.class",)),
    heap("node", ("node", "--max-old-space-size=16", "-e", "const a = []; for (;;) a.push({x: [1, 2, 3]})"), "node",
         134, "node"),
    heap("php", ("php", "-d", "memory_limit=16M", "-r", '$a = []; for (;;) $a[] = str_repeat("x", 1000);'), "php", 255,
         "php"),
    lie("java_words_of_a_program", ("lying_stderr", JAVA_TEXT, "1"), "java", "failed/exit", 1),
    lie("node_words_of_a_program", ("lying_stderr", NODE_TEXT, "abort"), "node", "failed/crash", 134),
    lie("php_words_of_a_program", ("lying_stderr", PHP_TEXT, "255"), "php", "failed/exit", 255),
    lie("java_words_of_a_script", ("sh", "-c", f"echo '{JAVA_TEXT}' >&2; exit 1"), "java", "failed/exit", 1),
    lie("php_words_of_a_script", ("sh", "-c", f"echo '{PHP_TEXT}'; exit 255"), "php", "failed/exit", 255),
    lie("words_before_the_runtime", ("sh", "-c", f"echo '{JAVA_TEXT}' >&2; sleep 0.1; exec java -cp . NoSuchClass"),
        "java", "failed/exit", 1, needs=("java",), timeout=60),
]
