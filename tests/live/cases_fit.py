# SPDX-License-Identifier: MIT
"""`memcage fit`: the smallest limit under which a command still passes."""

import json
import os
import signal
import subprocess
import time
import xml.etree.ElementTree

from harness import Case, Mismatch, expect

SCHEMA = os.path.join(os.path.dirname(__file__), "../../include/memcage/fit.schema.json")
MIB = 1 << 20
PASSING = ("recovered", "under_pressure", "clean")

# needs some 35 MiB, and fails under limits from 40 to 50 MiB; the kernel tells it its own limit
FUSSY = """
kept = bytearray(b"x") * (30 << 20)
paths = [line.split(":") for line in open("/proc/self/cgroup")]
places = {controllers: path.strip() for _, controllers, path in paths}
if "memory" in places:
    file = "/sys/fs/cgroup/memory" + places["memory"] + "/memory.limit_in_bytes"
else:
    file = "/sys/fs/cgroup" + places[""] + "/memory.max"
limit = open(file).read().strip()
raise SystemExit(limit != "max" and 40 << 20 <= int(limit) < 50 << 20)
"""


def fit(harness, run, *words, status=0):
    """Calls memcage fit; its standard output."""
    run.case.report = ""
    harness.command = lambda case, run: [harness.program, "fit", *words]
    try:
        harness.call(run.case, run)
    finally:
        del harness.command
    expect(run.status == status, f"exit status {run.status}, not {status}: {run.stdout!r} {run.stderr!r}")
    return run.stdout


def fitted(harness, run, *words, status=0):
    """The same as JSON, checked against its schema and in itself."""
    result = json.loads(fit(harness, run, "--json", *words, status=status))
    consistent(result)
    try:
        from jsonschema import Draft202012Validator
    except ImportError:     # in the guests, whose results are of the same program
        return result
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    for error in Draft202012Validator(schema).iter_errors(result):
        raise Mismatch(f"schema: {'/'.join(map(str, error.path))}: {error.message}")
    return result


def consistent(result):
    tries = result["tries"]
    limits = [entry["limit_bytes"] for entry in tries]
    expect(limits == sorted(set(limits)), f"limits {limits}")
    expect(result["runs"] == 1 + sum(entry["runs"] for entry in tries), f"{result['runs']} runs")
    for entry in tries:
        expect(entry["passes"] == (entry["outcome"] in PASSING) == (entry["passed"] == entry["runs"]), f"{entry}")
        expect(not entry["passes"] or entry["runs"] == result["repeat"], f"{entry}")
    failing = [entry["limit_bytes"] for entry in tries if not entry["passes"]]
    expect(result["fails_bytes"] == max(failing, default=None), f"fails_bytes {result['fails_bytes']} of {failing}")
    passing = [entry["limit_bytes"] for entry in tries if entry["passes"]]
    above = [limit for limit in passing if limit > max(failing, default=0)]
    expect(result["limit_bytes"] == min(above, default=None), f"limit_bytes {result['limit_bytes']} of {above}")
    expect(bool(result["contradiction"]) == (min(passing, default=1 << 62) < max(failing, default=0)),
           f"contradiction {result['contradiction']}")


def workload(harness, name):
    return os.path.join(harness.workloads, name)


def within(result, least, most):
    limit = result["limit_bytes"]
    expect(limit is not None and least <= limit <= most, f"{limit} is not from {least} to {most}")


def outcome_below(result):
    return {entry["outcome"] for entry in result["tries"] if not entry["passes"]}


def kills(harness, run):
    result = fitted(harness, run, "--", workload(harness, "touch_pages"), "48M")
    within(result, 48 * MIB, 53 * MIB)
    # far below, a slow machine may do nothing but read the program again and again
    expect(all(entry["outcome"] == "killed" for entry in result["tries"] if 8 * MIB <= entry["limit_bytes"] < 48 * MIB),
           f"{result['map']}")
    expect("killed" in outcome_below(result) <= {"killed", "timed_out", "not_started"}, f"{result['map']}")
    expect(48 * MIB <= result["unlimited"]["peak_bytes"] <= 53 * MIB, f"{result['unlimited']}")
    expect(result["limit_bytes"] - result["fails_bytes"] <= MIB * 1.01, f"{result['fails_bytes']}")
    expect(min(entry["limit_bytes"] for entry in result["tries"]) <= 8 * MIB, "nothing far below")
    for entry in result["tries"]:
        if entry["outcome"] == "killed":
            expect(entry["run"]["victim"] == "main" and "touch_pages" in entry["run"]["summary"], f"{entry}")

    # its answer is one for memcage run
    held = subprocess.run([harness.program, "run", "-q", "-m", result["limit_option"], "--", workload(harness, "touch_pages"),
                           "48M"], check=False, stdout=subprocess.DEVNULL, preexec_fn=run.group.enter)
    expect(held.returncode == 0, f"-m {result['limit_option']}: {held.returncode}")


def refuses(harness, run):
    result = fitted(harness, run, "--at-limit", "fail", "--", workload(harness, "touch_pages"), "48M")
    within(result, 48 * MIB, 58 * MIB)
    expect(outcome_below(result) == {"refused"}, f"{result['map']}")
    for entry in result["tries"]:
        if not entry["passes"]:
            expect(entry["run"]["asked"]["request_bytes"] >= 48 * MIB, f"{entry['run']}")


def finds_close(harness, run):
    result = fitted(harness, run, "--precision", "64K", "--repeat", "1", "--jobs", "1", "--", workload(harness, "touch_pages"),
                    "16M")
    within(result, 16 * MIB, 18 * MIB)
    expect(result["limit_bytes"] - result["fails_bytes"] <= 64 << 10 or result["contradiction"], f"{result['fails_bytes']}")


def never_passes(harness, run):
    result = fitted(harness, run, "-m", "20M", "--", workload(harness, "touch_pages"), "48M", status=1)
    expect([entry["limit_bytes"] for entry in result["tries"]] == [20 * MIB], f"{result['tries']}")
    expect(not result["found"] and result["limit_option"] is None, f"{result['limit_option']}")


def fails_without_limit(harness, run):
    result = fitted(harness, run, "--", workload(harness, "exit_with"), "3", status=1)
    expect(result["tries"] == [] and result["unlimited"]["code"] == 3, f"{result}")
    text = fit(harness, run, "--", workload(harness, "exit_with"), "3", status=1).decode()
    expect("even without a limit" in text and "--expect" in text, text)


def expects_a_failure(harness, run):
    """The status has to be the same one: what fails for want of memory with another does not pass."""
    result = fitted(harness, run, "--expect", "failed/exit", "--", "sh", "-c",
                    f"{workload(harness, 'touch_pages')} 24M || exit 4; exit 3")
    within(result, 24 * MIB, 28 * MIB)
    expect(result["unlimited"]["code"] == 3 and result["expect"] == "failed/exit", f"{result['unlimited']}")


def is_not_monotonic(harness, run):
    words = ("-m", "120M", "--repeat", "1", "--precision", "2M", "--", "/usr/bin/python3", "-c", FUSSY)
    result = fitted(harness, run, *words)
    within(result, 50 * MIB, 52 * MIB)
    contradiction = result["contradiction"]
    expect(contradiction and contradiction["passes_bytes"] < 40 * MIB <= contradiction["fails_bytes"] < 50 * MIB,
           f"{contradiction}")
    text = fit(harness, run, *words)
    expect(b"not monotonic" in text and b"doubtful: under " in text, f"{text!r}")


def tells_in_words(harness, run):
    text = fit(harness, run, "--", workload(harness, "touch_pages"), "16M").decode()
    for part in ("without a limit: ok/clean, peak 16", "smallest limit: 1", "(-m ", " fails\n", "outcome by limit:", "killed ",
                 "what gave way first:", "killed by the kernel at its own limit of", "3 of 3 passed"):
        expect(part in text, f"lacks {part!r}:\n{text}")


ODD = "it's <\u00fc> & \"$(id)\" `id` \\ %d"


def texts_of(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    return ["".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")]


def draws(harness, run):
    """What the picture says is what the JSON says, whatever the command is called."""
    picture = run.path("fit.svg")
    result = fitted(harness, run, "--picture", picture, "--repeat", "1", "--precision", "8M", "--", "sh", "-c",
                    workload(harness, "touch_pages") + " 24M; exit $?", ODD)
    texts = texts_of(picture)
    outcomes = {entry["outcome"] for entry in result["tries"]}
    expect({text.split(":")[0] for text in texts if ": " in text} >= outcomes, f"{texts} without {outcomes}")
    expect(any(text.startswith("smallest limit: ") and f"(-m {result['limit_option']})" in text for text in texts), f"{texts}")
    os.unlink(picture)
    text = fit(harness, run, "--picture", run.path("fit.png"), "-m", "20M", "--repeat", "1", "--", "sh", "-c",
               workload(harness, "touch_pages") + " 24M", ODD, status=1)
    expect(b"does not pass under any limit" in text, f"{text!r}")
    with open(run.path("fit.png"), "rb") as file:
        expect(file.read(8) == b"\x89PNG\r\n\x1a\n", "no PNG")
    os.unlink(run.path("fit.png"))
    fit(harness, run, "--picture", picture, "--", workload(harness, "exit_with"), "3", status=1)    # no limit was tried
    expect(not os.path.exists(picture), "a picture of nothing")


def shows_odd_words(harness, run):
    picture = run.path("fit.svg")
    fit(harness, run, "--picture", picture, "--repeat", "1", "--precision", "8M", "--env",
        "W=" + workload(harness, "touch_pages"), "--", "sh", "-c", "$W 16M", ODD)
    texts = texts_of(picture)
    os.unlink(picture)
    expect(any(ODD in text for text in texts), f"{texts}")


def needs_gnuplot(harness, run):
    """Said before the search, not after it."""
    run.keep["env"] = {"PATH": run.directory}
    fit(harness, run, "--picture", run.path("fit.svg"), "--", workload(harness, "touch_pages"), "16M", status=125)
    expect(b"gnuplot-nox" in run.stderr and run.stdout == b"", f"{run.stderr!r} {run.stdout!r}")


def can_be_interrupted(harness, run):
    program = subprocess.Popen([harness.program, "fit", "--json", "--", workload(harness, "touch_pages"), "16M", "300"],
                               preexec_fn=run.group.enter, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.2 * run.scale)
    program.send_signal(signal.SIGTERM)
    out, _ = program.communicate(timeout=10 * run.scale)
    expect(program.returncode == 128 + signal.SIGTERM, f"{program.returncode}")
    expect(not json.loads(out)["complete"], f"{out!r}")


def says_no(*words, part):
    def drive(harness, run):
        fit(harness, run, *words, status=125)
        expect(part in run.stderr.decode(), f"{run.stderr!r}")
    return drive


CASES = [
    Case("fit/kill", drive=kills, timeout=60),
    Case("fit/fail", drive=refuses, timeout=60),
    Case("fit/precision", drive=finds_close, timeout=60),
    Case("fit/never", drive=never_passes, timeout=60),
    Case("fit/fails_without_limit", drive=fails_without_limit, timeout=60),
    Case("fit/expect", drive=expects_a_failure, timeout=60),
    # two minutes in the small virtual machine
    Case("fit/not_monotonic", drive=is_not_monotonic, needs=("python",), worlds=("v1",), timeout=90),
    Case("fit/words", drive=tells_in_words, timeout=60),
    Case("fit/picture", drive=draws, needs=("gnuplot",), timeout=60),
    Case("fit/picture_of_odd_words", drive=shows_odd_words, needs=("gnuplot",), timeout=60),
    Case("fit/picture_without_gnuplot", drive=needs_gnuplot),
    Case("fit/picture_of_no_kind", drive=says_no("--picture", "fit.gif", "--", "true", part=".svg, .png or .pdf")),
    Case("fit/interrupted", drive=can_be_interrupted, timeout=60),
    Case("fit/not_found", drive=says_no("--", "./no-such-program", part="cannot execute")),
    Case("fit/no_command", drive=says_no(part="no command")),
]
