# SPDX-License-Identifier: MIT
"""Refusals on purpose: `run --fail-alloc`, and `sweep`, which refuses each request in turn."""

import json
import os
import signal
import subprocess
import time
import xml.etree.ElementTree

from harness import Case, Mismatch, expect

SCHEMA = os.path.join(os.path.dirname(__file__), "../../include/memcage/sweep.schema.json")


def fail(*rules):
    return tuple(word for rule in rules for word in ("--fail-alloc", rule))


def injected(count, cause=True, requests=None, function=None):
    """The report says what was injected, and never calls it anything else."""
    def check(run):
        failures = run.report["alloc_failures"]
        expect(failures["injected"] == count, f"injected: {failures['injected']}, not {count}")
        if requests is not None:
            most = max((entry["count"] for entry in failures["requests"]), default=0)
            expect(most == requests, f"{most} requests, not {requests}")
        if count:
            told = [line for line in run.report["because"] if "injected by --fail-alloc" in line]
            expect(len(told) == 1 and told[0].startswith(f"{count} refusal"), f"because: {run.report['because']}")
        if count and cause:
            expect(set(failures["causes"]) == {"injected"}, f"causes: {failures['causes']}")
            expect(failures["first"]["cause"] == "injected", f"first: {failures['first']}")
            expect(b"on purpose" in run.stderr, f"the summary does not say it: {run.stderr!r}")
        if function is not None:
            expect(failures["first"]["function"] == function, f"by {failures['first']['function']}")
    return check


def line_of_first(name):
    def check(run):
        injected(1)(run)
        frames = run.get("alloc_failures.first.backtrace")
        expect(any(frame["function"] == name for frame in frames), f"no {name} in {frames}")
    return check


def sweep(harness, run, *words, status=None, memory=True):
    """Calls memcage sweep; its standard output."""
    run.case.report = ""
    harness.command = lambda case, run: [harness.program, "sweep", *(["-m", "64M"] if memory else []), *words]
    try:
        harness.call(run.case, run)
    finally:
        del harness.command
    expect(status is None or run.status == status, f"exit status {run.status}, not {status}")
    return run.stdout


def swept(harness, run, *words, status=None):
    """The same as JSON, checked against its schema."""
    result = json.loads(sweep(harness, run, "--json", *words, status=status))
    try:
        from jsonschema import Draft202012Validator
    except ImportError:     # in the guests, whose results are of the same program
        return result
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(result):
        raise Mismatch(f"schema: {'/'.join(map(str, error.path))}: {error.message}")
    return result


SEEDED = {"one_malloc": "crash", "two_calloc": "crash", "three_realloc": "crash", "four_strdup": "crash",
          "five_reallocarray": "crash", "six_posix_memalign": "crash", "seven_fopen": "crash",
          "eight_aligned_alloc": "crash", "nine_left_out": "wrong", "ten_waits": "hang"}


def finds_all_ten(harness, run):
    program = os.path.join(harness.workloads, "refusals_unchecked")
    result = swept(harness, run, "--junit", run.path("sweep.xml"), "--", program, status=1)
    expect(result["complete"] and result["tried"] == result["requests"], f"{result['tried']} of {result['requests']}")
    expect(sum(result["outcomes"].values()) == result["tried"], f"{result['outcomes']}")
    found = {}
    for stack in result["stacks"]:
        places = [frame["function"] for frame in stack["backtrace"] if frame["function"] in SEEDED]
        expect(len(places) == 1 and places[0] not in found, f"{places} in {stack}")
        expect(len(stack["nth"]) == 1, f"{places[0]} at {stack['nth']}")
        found[places[0]] = stack["outcome"]
    expect(found == SEEDED, f"found {found}")

    suite = xml.etree.ElementTree.parse(run.path("sweep.xml")).getroot()
    os.unlink(run.path("sweep.xml"))
    expect(suite.get("failures") == "10" and suite.get("tests") == "11", f"{suite.attrib}")
    expect(len(suite.findall("testcase/failure")) == 10, "not ten failures")
    for stack in result["stacks"]:
        replays(harness, run, stack)


def replays(harness, run, stack):
    """What it tells to type does the same again."""
    words = stack["replay"]
    expect(words[:2] == ["memcage", "run"], f"{words}")
    report = run.path("replay.json")
    subprocess.run([harness.program, "run", "-q", "-r", report, *words[2:]], check=False, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, preexec_fn=run.group.enter)
    with open(report, encoding="utf-8") as file:
        again = json.load(file)
    os.unlink(report)
    expect(again["alloc_failures"]["injected"] == 1, f"{words}: nothing injected")
    expect(again["alloc_failures"]["first"]["backtrace"] == stack["backtrace"], f"{words}: refused somewhere else")
    ended = {"crash": "alloc_failure/unchecked", "hang": "timeout/wall", "wrong": "ok/recovered_alloc_failure"}
    verdict = f"{again['verdict']}/{again['reason']}"
    expect(verdict == ended[stack["outcome"]], f"{words}: {verdict}")


def finds_none(harness, run):
    result = swept(harness, run, "--", os.path.join(harness.workloads, "refusals_checked"), status=0)
    expect(result["stacks"] == [] and result["complete"], f"{result['stacks']}")
    expect(result["outcomes"]["handled"] >= 2 and result["outcomes"]["clean_error"] >= 8, f"{result['outcomes']}")
    expect(result["outcomes"]["handled"] + result["outcomes"]["clean_error"] == result["requests"],
           f"{result['outcomes']}")


def finds_in_static(harness, run):
    result = swept(harness, run, "--", os.path.join(harness.workloads, "refusals_static"), status=1)
    expect([stack["outcome"] for stack in result["stacks"]] == ["crash"], f"{result['stacks']}")
    expect(result["stacks"][0]["request_bytes"] == 1 << 20, f"{result['stacks']}")
    expect(result["outcomes"]["crash"] == 1 and result["outcomes"]["clean_error"] >= 3, f"{result['outcomes']}")


def tells_in_words(harness, run):
    text = sweep(harness, run, "--", os.path.join(harness.workloads, "refusals_unchecked"), status=1).decode()
    for part in ("crash               8", "hang                1", "wrong               1", "ten_waits",
                 "memcage run --fail-alloc nth=1,comm=refusals_unchec", "--env PYTHONHASHSEED=0", "-- /"):
        expect(part in text, f"lacks {part!r}:\n{text}")


ODD = b"it's \xff<\x1b[1m&\"\\ $(id)"


def tells_odd_words(harness, run):
    """A word that is no UTF-8, and would harm a terminal: in JSON, in JUnit, and as a shell reads it back."""
    words = ("--comm", "malloc_once", "--", "sh", "-c", f"exec {harness.workloads}/malloc_once 1M unchecked",
             os.fsdecode(ODD))
    result = swept(harness, run, "--junit", run.path("sweep.xml"), *words, status=1)
    expect(result["command"]["argv"][-1] == ODD.decode("utf-8", "replace"), f"{result['command']}")
    suite = xml.etree.ElementTree.parse(run.path("sweep.xml")).getroot()
    os.unlink(run.path("sweep.xml"))
    expect("it's ?<?[1m&" in suite.get("name"), f"{suite.attrib}")

    text = sweep(harness, run, *words, status=1)
    expect(b"\x1b" not in text and b"\xff" not in text, f"{text!r}")
    lines = [line.strip() for line in text.split(b"\n") if line.startswith(b"  memcage run ")]
    read = subprocess.run(["bash", "-c", b'memcage() { printf "%s\\0" "$@"; }; ' + lines[0]], stdout=subprocess.PIPE, check=True)
    expect(read.stdout.split(b"\0")[-2] == ODD, f"{lines[0]!r} is read as {read.stdout!r}")


def goes_on(harness, run):
    """Ended in the middle, it leaves out what it has when it is called again; another sweep's file is refused."""
    program, log = os.path.join(harness.workloads, "refusals_unchecked"), run.path("sweep.jsonl")
    whole = swept(harness, run, "--resume", log, "--", program, status=1)
    with open(log, encoding="utf-8") as file:
        lines = file.readlines()
    expect(len(lines) == whole["requests"] + 1, f"{len(lines)} lines")
    kept, cut = lines[:6], lines[6][:-9]     # as a sweep that was killed while it wrote
    with open(log, "w", encoding="utf-8") as file:
        file.writelines([*kept, cut])
    again = swept(harness, run, "--resume", log, "--", program, status=1)
    same = ("requests", "tried", "complete", "outcomes", "stacks")
    expect([{**again, "stacks": names(again)}[name] for name in same]
           == [{**whole, "stacks": names(whole)}[name] for name in same], f"{again['outcomes']} {whole['outcomes']}")
    with open(log, encoding="utf-8") as file:
        lines = file.readlines()
    expect(lines[:6] == kept and len(lines) == whole["requests"] + 1, "done again, or lost")
    expect(sorted(json.loads(line)["nth"] for line in lines[1:]) == list(range(1, whole["requests"] + 1)), "numbers")
    sweep(harness, run, "--resume", log, "--", os.path.join(harness.workloads, "refusals_checked"), status=125)
    expect(b"not of this sweep" in run.stderr, f"{run.stderr!r}")
    os.unlink(log)


def leaves_other_files(harness, run):
    """What does not begin as the notes of this sweep stays as it is; notes that were torn at once go on."""
    log = run.path("sweep.jsonl")
    words = ("--resume", log, "--", os.path.join(harness.workloads, "malloc_once"), "1M")
    swept(harness, run, *words)
    with open(log, "rb") as file:
        notes = file.read()
    for text in (b"no newline, and all that there is", b"{}", b"a line\n", notes.split(b"\n")[0][:-1] + b"]"):
        with open(log, "wb") as file:
            file.write(text)
        sweep(harness, run, *words, status=125)
        expect(b"not of this sweep" in run.stderr, f"{text!r}: {run.stderr!r}")
        with open(log, "rb") as file:
            expect(file.read() == text, f"{text!r} was written over")
    with open(log, "wb") as file:
        file.write(notes[:20])
    swept(harness, run, *words)
    with open(log, "rb") as file:
        expect(sorted(file.read().split(b"\n")) == sorted(notes.split(b"\n")), "other notes")
    os.unlink(log)


def names(result):
    return sorted((stack["outcome"], *stack["nth"]) for stack in result["stacks"])


def keeps_to_its_budget(harness, run):
    """What was tried is spread: neither end of the requests is left out."""
    log = run.path("sweep.jsonl")
    began = time.monotonic()
    result = swept(harness, run, "--budget", f"{2 * run.scale:g}s", "--jobs", "1", "--resume", log, "--", "ls", "-l",
                   "/etc")
    took = time.monotonic() - began
    expect(result["budget_spent"] and not result["complete"], f"{result['tried']} of {result['requests']}")
    expect(took < 8 * run.scale, f"took {took:.1f} s")
    with open(log, encoding="utf-8") as file:
        tried = sorted(json.loads(line)["nth"] for line in file.readlines()[1:])
    os.unlink(log)
    expect(len(tried) == result["tried"] >= 8, f"{tried}")
    gaps = [after - before for before, after in zip([0, *tried], [*tried, result["requests"] + 1])]
    expect(max(gaps) <= 4 * result["requests"] / len(tried) + 1, f"gaps of {sorted(gaps)[-3:]} in {tried}")


def can_be_interrupted(harness, run):
    program = subprocess.Popen([harness.program, "sweep", "--jobs", "2", "--", "sleep", "0.2"], preexec_fn=run.group.enter,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1 * run.scale)
    program.send_signal(signal.SIGTERM)
    out, _ = program.communicate(timeout=10 * run.scale)
    expect(program.returncode == 128 + signal.SIGTERM, f"{program.returncode}")
    expect(b"ended early" in out, f"{out!r}")


def says_no(*words, part):
    def drive(harness, run):
        sweep(harness, run, *words, status=125)
        expect(part in run.stderr.decode(), f"{run.stderr!r}")
    return drive


def completes(*argv, least, setup=None):
    """Every request of a real program, with a sum that adds up."""
    def drive(harness, run):
        if setup:
            setup(run)
        result = swept(harness, run, "--chdir", run.directory, "--", *argv)
        expect(run.status in (0, 1), f"exit status {run.status}: {run.stderr!r}")
        expect(result["complete"] and result["requests"] >= least, f"{result['requests']}")
        expect(sum(result["outcomes"].values()) == result["requests"], f"{result['outcomes']}")
        expect(result["outcomes"]["other"] == 0 and result["outcomes"]["not_reached"] <= result["requests"] / 100,
               f"{result['outcomes']}")
        expect((run.status == 1) == bool(result["stacks"]), f"{run.status} with {len(result['stacks'])} stacks")
    return drive


def the_same_again(*argv, times):
    """One request of a program that is alike each time, refused again and again."""
    def drive(harness, run):
        seen = {}
        for _ in range(times):
            report = run.path("again.json")
            subprocess.run([harness.program, "run", "-q", "-r", report, "--env", "PYTHONHASHSEED=0", *fail("nth=60"), "--",
                            *argv], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           preexec_fn=run.group.enter)
            with open(report, encoding="utf-8") as file:
                again = json.load(file)
            os.unlink(report)
            first = again["alloc_failures"]["first"] or {}
            key = (again["verdict"], again["reason"], str(again["exit"]), first.get("request_bytes"),
                   str([(frame["module"], frame["offset"]) for frame in first.get("backtrace", [])]))
            seen[key] = seen.get(key, 0) + 1
        expect(max(seen.values()) >= times * 0.99, f"{list(seen.values())} of {times}")
    return drive


STATIC = ("refusals_static",)
CASES = [
    Case("inject/none", ("refusals_checked",), "ok/clean", 0, fail("nth=100000"), check=injected(0)),
    Case("inject/counted", ("malloc_once", "1M"), "ok/clean", 0, fail("nth=0"), check=injected(0, requests=1)),
    Case("inject/checked", ("malloc_once", "1M"), "alloc_failure/refused", 1, fail("nth=1"), check=injected(1, requests=1)),
    Case("inject/unchecked", ("malloc_once", "1M", "unchecked"), "alloc_failure/unchecked", 139, fail("nth=1"),
         check=injected(1, function="malloc")),
    Case("inject/lived_with", ("refusals_unchecked",), "ok/recovered_alloc_failure", 0, fail("nth=14"),
         check=line_of_first("nine_left_out")),
    Case("inject/size", ("malloc_once", "1M"), "alloc_failure/refused", 1, fail("size>=1M"), check=injected(1)),
    Case("inject/size_not_reached", ("malloc_once", "1M"), "ok/clean", 0, fail("size>=1025K"), check=injected(0)),
    Case("inject/after", ("malloc_until_null", "1M", ), "alloc_failure/refused", 1, fail("after=5M"),
         check=injected(1, requests=6)),
    Case("inject/several", ("malloc_once", "1M"), "alloc_failure/refused", 1, fail("nth=7", "size>=1M"), check=injected(1)),
    Case("inject/certain", ("malloc_once", "1M"), "alloc_failure/refused", 1, fail("random=1,seed=5"), check=injected(1)),
    Case("inject/another_program", ("malloc_once", "1M"), "ok/clean", 0, fail("nth=1,comm=ls"), check=injected(0)),
    Case("inject/one_program_of_a_tree", ("sh", "-c", "{workloads}/malloc_once 1M; echo $?"), "ok/recovered_alloc_failure",
         0, fail("nth=1,comm=malloc_once"), check=injected(1)),
    Case("inject/beside_a_real_one", ("malloc_once", "1G"), "alloc_failure/refused", 1,
         ("-m", "64M", "--at-limit", "fail", *fail("nth=2")),
         check=lambda run: expect(run.get("alloc_failures.causes") == {"at_limit_fail": 1}
                                  and run.get("alloc_failures.injected") == 0, f"{run.get('alloc_failures')}")),
    Case("inject/static", STATIC, "alloc_failure/refused", 1, fail("size>=1M"), check=injected(1), confidence=("medium",)),
    Case("inject/static_counted", STATIC, "ok/clean", 0, fail("nth=0"), check=injected(0)),
    Case("inject/no_way", ("malloc_once", "1M"), None, 125, ("--witness", "kmsg", *fail("nth=1"))),

    Case("sweep/ten_unchecked", drive=finds_all_ten, timeout=60),
    Case("sweep/all_checked", drive=finds_none, timeout=60),
    Case("sweep/static", drive=finds_in_static, timeout=60),
    Case("sweep/words", drive=tells_in_words, timeout=60),
    Case("sweep/odd_words", drive=tells_odd_words, timeout=60),
    Case("sweep/resume", drive=goes_on, timeout=60),
    Case("sweep/resume_of_another", drive=leaves_other_files, timeout=60),
    Case("sweep/budget", drive=keeps_to_its_budget, timeout=60),
    Case("sweep/interrupted", drive=can_be_interrupted),
    Case("sweep/no_command", drive=says_no(part="no command")),
    Case("sweep/not_found", drive=says_no("--", "./no-such-program", part="cannot execute")),
    Case("sweep/first_run_crashes", drive=says_no("--", "sh", "-c", "kill -SEGV $$", part="nothing to compare")),
    Case("sweep/another_program", drive=says_no("--comm", "nobody", "--", "true", part="no program 'nobody'")),
    # hundreds of runs: minutes in the small virtual machine
    Case("sweep/ls", drive=completes("ls", "-l", least=20), worlds=("v1",), timeout=300, alone=True),
    Case("sweep/sort", drive=completes("sort", "/etc/passwd", least=20), worlds=("v1",), timeout=300, alone=True),
    Case("sweep/replays", drive=the_same_again("ls", "-l", times=30), timeout=120),
]
