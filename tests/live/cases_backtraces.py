# SPDX-License-Identifier: MIT
"""By which calls a refused allocation came about, and at which line of the program."""

import glob
import os
import re
import subprocess

from groups import read
from harness import Case, expect
from runtimes import BUILT, SOURCES

HERE = os.path.dirname(os.path.abspath(__file__))
FAIL = ("-m", "64M", "--at-limit", "fail")
NESTED = os.path.join(os.path.dirname(HERE), "workloads", "nested_calls.c")


def line_of(path, text):
    """FILE:LINE, without directories, of the one line of the file that has the text."""
    numbers = [number for number, line in enumerate(read(path).splitlines(), 1) if text in line]
    expect(len(numbers) == 1, f"{path}: {text!r} stands in lines {numbers}")
    return f"{os.path.basename(path)}:{numbers[0]}"


def unwinds(run):
    """Whether this memcage has libdw; without it there is one call, and the report says why."""
    note = run.get("alloc_failures.first.backtrace_note") or ""
    if "libdw" not in note:
        return True
    frames = run.get("alloc_failures.first.backtrace")
    expect(len(frames) == 1 and frames[0]["module"], f"without libdw: {frames}")
    return False


def calls(*functions, module=None, line=None, told=None, named=True):
    """The functions in this order, innermost first, perhaps with others between them; the line of
    the first; the program's line as the summary tells it."""
    def check(run):
        first = run.get("alloc_failures.first") or {}
        frames = first.get("backtrace") or []
        expect(frames, f"no backtrace: {first}")
        expect(os.path.basename(frames[0]["module"] or "") == module or not module, f"innermost: {frames[0]}")
        expect(frames[0]["offset"] is not None, f"no offset: {frames[0]}")
        if not unwinds(run):
            return
        expect(first["backtrace_note"] in (None, "there are more calls"), f"note: {first['backtrace_note']}")
        names = [frame["function"] or "" for frame in frames]
        at = 0
        for function in functions:
            found = [i for i, name in enumerate(names) if i >= at and re.fullmatch(function, name)]
            expect(found, f"{function} is not in {names[at:]}")
            at = found[0] + 1
        if not named:
            expect(len(frames) >= 4 and not names[0], f"stripped: {frames}")
        if line:
            path, text = line
            expect((frames[0]["source"] or "").endswith(line_of(path, text)), f"source: {frames[0]}")
        source_line, wanted = first.get("source_line"), line_of(*told) if told else None
        expect((source_line or "").endswith(wanted or "") and bool(source_line) == bool(wanted),
               f"source_line {source_line}, not {wanted}")
        if wanted:
            expect(f" at {wanted}" in run.stderr.decode(), f"summary: {run.stderr.decode()}")
    return check


def nested(name, program, *arguments, check, options=FAIL, **more):
    return Case("backtraces/" + name, (program, "1G", *arguments), "alloc_failure/refused", 1, options, check=check, **more)


def rust_or_cpp(name, program, need, told, *functions):
    return Case("backtraces/" + name, (BUILT + program, "uncaught"), "alloc_failure/refused", 134, FAIL,
                needs=(need,), check=calls(*functions, told=(os.path.join(SOURCES, told[0]), told[1])), timeout=60)


def no_backtrace(run):
    first = run.get("alloc_failures.first")
    expect(first is None, f"a refusal: {first}")


def text_tells(run):
    text = subprocess.run([run.process.args[0], "report", run.path("report.json")], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    expect("Called from" in text, text)
    expect(not unwinds(run) or "middle() at " in text, text)


PYTHON = "x = 1\ntry:\n    y = [0] * 10**9\nexcept MemoryError:\n    pass\n"


def python_line(run):
    first = run.get("alloc_failures.first") or {}
    expect(first.get("source_line") == "<string>:3", f"source_line {first.get('source_line')}")
    expect(first.get("backtrace"), f"no native calls: {first}")


def pythons():
    """Every CPython that is installed here, by version: for each there is a case. What they export
    differs: some hide what tells the line, and are asked in another way."""
    places = os.environ.get("PATH", "").split(":")
    places += glob.glob(os.path.join(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")), "versions/3.*/bin"))
    found = {}
    for place in places:
        for path in glob.glob(os.path.join(place, "python3.*")):
            if re.fullmatch(r"python3\.\d+t?", os.path.basename(path)) and is_program(path):
                found.setdefault(os.path.basename(path), path)
    return found


def is_program(path):
    """No script that looks for one, as pyenv's are."""
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def python(name, path):
    threaded = name.endswith("t")  # free-threaded: no line, and no harm
    return Case(f"backtraces/{name}", (path, "-c", PYTHON), "ok/recovered_alloc_failure", 0, FAIL,
                check=None if threaded else python_line)


DIRECT = calls("ask", "middle", "main", module="nested_calls", line=(NESTED, "/* directly */"), told=(NESTED, "/* directly */"))

CASES = [
    nested("directly", "nested_calls", check=DIRECT),
    nested("in_a_thread", "nested_calls", "thread",
           check=calls("ask", "middle", "in_thread", told=(NESTED, "/* directly */"))),
    nested("in_a_vforked_child", "nested_calls", "vfork",
           check=calls("ask", "middle", "with_vfork", "main", told=(NESTED, "/* directly */"))),
    nested("through_a_wrapper", "nested_calls", "wrapper",
           check=calls("xmalloc", "ask_wrapper", "main", line=(NESTED, "/* in the wrapper */"),
                       told=(NESTED, "/* through the wrapper */"))),
    nested("without_debug_information", "nested_calls_plain", check=calls("ask", "middle", "main")),
    nested("stripped", "nested_calls_stripped", check=calls(module="nested_calls_stripped", named=False)),
    nested("fixed_address", "nested_calls_fixed",
           check=calls("ask", "middle", "main", module="nested_calls_fixed", told=(NESTED, "/* directly */"))),
    nested("as_text", "nested_calls", check=text_tells),
    rust_or_cpp("c++", "cpp_debug", "runtime_c++", ("allocate.cpp", "return std::vector<char>(huge"), "operator new.*", "main"),
    rust_or_cpp("rust", "rust_debug", "runtime_rust", ("allocate.rs", "println!(\"{}\", vec![1u8; huge]"), ".*alloc", ".*main"),
    Case("backtraces/musl", (BUILT + "c_musl_debug", "uncaught"), "alloc_failure/refused", 3, FAIL, needs=("runtime_musl",),
         check=calls("take", "main", told=(os.path.join(SOURCES, "allocate.c"), "unsigned char *memory = malloc(bytes)"))),
    Case("backtraces/none_without_refusals", ("malloc_once", "1M"), "ok/clean", 0, FAIL, check=no_backtrace),
    *[python(name, path) for name, path in sorted(pythons().items())],
]
