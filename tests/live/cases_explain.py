# SPDX-License-Identifier: MIT
"""memcage explain, on kills of this kernel: what it says is what the report says, and the line that it
prints lets the same happen again."""

import json
import os
import re
import shlex
import subprocess

from harness import Case, expect

VALIDATORS = {}
MIB = 1 << 20


def validator(name):
    if name not in VALIDATORS:
        from jsonschema import Draft202012Validator
        path = os.path.join(os.path.dirname(__file__), "../../include/memcage", name)
        with open(path, encoding="utf-8") as file:
            VALIDATORS[name] = Draft202012Validator(json.load(file))
    return VALIDATORS[name]


def call(run, words, **options):
    return subprocess.run(words, cwd=run.directory, capture_output=True, check=False, timeout=60 * run.scale,
                          preexec_fn=run.group.enter, **options)


def program(run):
    return run.process.args[0]


def explained(run, log):
    """What `explain --json` makes of a log or a report; valid by its schema."""
    done = call(run, [program(run), "explain", "--json", "-"], input=log)
    expect(done.returncode in (0, 1), f"explain ended with {done.returncode}: {done.stderr!r}")
    result = json.loads(done.stdout)
    errors = [error.message for error in validator("explain.schema.json").iter_errors(result)]
    expect(not errors, f"explain --json is not valid: {errors[:3]}")
    expect((done.returncode == 0) == bool(result["incidents"]), "the exit status does not tell what was found")
    return result


def incident_of_run(run):
    """The incident of the kernel's log whose victim lived in the cage of this run."""
    dmesg = call(run, ["dmesg"]).stdout
    incidents = explained(run, dmesg)["incidents"]
    ours = [one for one in incidents if f"/{run.group.name}/" in (one["victim_group"] or "") + "/"]
    expect(len(ours) == 1, f"{len(ours)} incidents of {len(incidents)} are of this run's group {run.group.name}")
    return ours[0]


def run_again(run, incident, status=0):
    """The line that explain gives, with the command that was run."""
    words = list(incident["reproduce"]["argv"])
    if "-p" in words:  # where these tests run in a service or a container: its policy hides the workloads
        del words[words.index("-p"):words.index("-p") + 2]
    expect(words[0] == "memcage" and words[-1] == "--", f"the line is {words}")
    command = run.process.args[run.process.args.index("--") + 1:]
    again = call(run, [program(run), *words[1:], *command])
    expect(again.returncode == status, f"{shlex.join(words)} ended with {again.returncode}: {again.stderr!r}")


def same_as_report(run, incident):
    kill = run.get("oom_kills")[0]
    pids = [victim["pid"] for victim in incident["victims"]]
    expect(kill["pid"] in pids, f"victims are {pids}, the report says {kill['pid']}")
    victim = incident["victims"][pids.index(kill["pid"])]
    for name in ("command", "anon_bytes", "file_bytes", "shmem_bytes"):
        expect(victim[name] == kill[name], f"{name} is {victim[name]}, the report says {kill[name]}")
    expect(incident["limit"]["group"] == kill["limit_group"], f"limit of {incident['limit']}, not {kill['limit_group']}")
    expect(incident["victim_group"] == kill["victim_group"], f"victim in {incident['victim_group']}")


def log_and_report_agree(run):
    incident = incident_of_run(run)
    same_as_report(run, incident)
    expect(incident["scope"] == f"memcg_{run.world}", f"scope is {incident['scope']} on {run.world}")
    wanted = run.get("limits.memory_bytes")
    expect(incident["limit"]["bytes"] == wanted, f"the limit is {incident['limit']['bytes']}, not {wanted}")
    expect(incident["reproduce"]["exact"], "the limit is known, and the line is said not to have it")
    run_again(run, incident)


def report_tells_the_line(run):
    """From a report comes the whole line; a shell runs it."""
    log_and_report_agree(run)
    path = run.path("again.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(run.report_text if isinstance(run.report_text, str) else json.dumps(run.report))
    told = call(run, [program(run), "explain", path])
    os.unlink(path)
    expect(told.returncode == 0, f"explain of a report ended with {told.returncode}: {told.stderr!r}")
    lines = [line[len("again"):].strip() for line in told.stdout.decode().splitlines() if line.startswith("again ")]
    expect(len(lines) == 1 and lines[0].startswith("memcage run -m 16M "), f"the lines are {lines}")
    line = shlex.quote(program(run)) + lines[0][len("memcage"):]
    again = call(run, ["sh", "-c", "exec " + line])  # a shell beside it would be in the group, too
    expect(again.returncode == 0, f"{line} ended with {again.returncode}: {again.stderr!r}")


def group_is_told(run):
    incident = incident_of_run(run)
    expect(incident["oom_group"] == incident["victim_group"], f"as a whole: {incident['oom_group']}")
    # the kernel counts the first one twice; a parent may have ended before it came to it
    wanted = run.get("rises.oom_kills") - 1
    expect(incident["victim_count"] == wanted and 2 <= wanted <= 3, f"{incident['victim_count']} victims of {wanted}")
    told = explained(run, run.report_text.encode())["incidents"][0]["reproduce"]
    expect("--oom-group" in told["argv"], f"of the report: {told}")
    expect("--oom-group" in incident["reproduce"]["argv"], "the line has no --oom-group")
    run_again(run, incident)


def no_kill_is_none(run):
    result = explained(run, b"Jan  5 02:12:02 a evil[1]: Out of memory: Killed process 1 (x) total-vm:1kB, "
                            b"anon-rss:1kB, file-rss:0kB, shmem-rss:0kB\n")
    expect(result["incidents"] == [], "what a program wrote is believed")
    expect(result["input"]["not_believed"] == {"count": 1, "first_line": 1, "writer": "evil[1]"},
           f"not believed: {result['input']['not_believed']}")
    report = call(run, [program(run), "explain", "report.json"])
    expect(report.returncode == 1, f"a report without a kill: {report.returncode}")


LOG = os.path.join(os.path.dirname(__file__), "../fixtures/explain/v1-6.18-own-limit.log")


def log_lines():
    """[(seconds, message)] of a recorded log."""
    with open(LOG, encoding="utf-8") as file:
        return re.findall(r"^\[ *([\d.]+)\] (.*)$", file.read(), re.MULTILINE)


def journal(way, **fields):
    for seconds, message in log_lines():
        if "Killed process" in message:     # what is no UTF-8 in it comes as a list of bytes
            message = list(message.encode())
        yield json.dumps({"__REALTIME_TIMESTAMP": str(int(float(seconds) * 1e6) + 1704420722000000), "_HOSTNAME": "node-1",
                          "_TRANSPORT": way, **fields, "MESSAGE": message}) + "\n"


def json_is_a_log_too(run):
    """What journalctl and dmesg print as JSON tells the same as the text; of others nothing is believed."""
    with open(LOG, "rb") as file:
        wanted = explained(run, file.read())["incidents"]
    expect(len(wanted) == 1, f"{len(wanted)} incidents in the text")
    dmesg = {"dmesg": [{"pri": 4, "time": float(seconds), "msg": message} for seconds, message in log_lines()]}
    inputs = {"journal": "".join(journal("kernel", SYSLOG_IDENTIFIER="kernel")), "dmesg": json.dumps(dmesg, indent=3)}
    where = ("at", "host", "first_line", "last_line", "origin")
    for name, text in inputs.items():
        seen = explained(run, text.encode())["incidents"]
        expect(len(seen) == 1, f"{name}: {len(seen)} incidents")
        differ = {key for key in seen[0] if seen[0][key] != wanted[0][key]}
        expect(differ <= set(where), f"{name}: {differ}")
        expect(seen[0]["origin"] == "kernel", f"{name}: origin {seen[0]['origin']}")
    forged = [("syslog", {"SYSLOG_IDENTIFIER": "kernel"}), ("journal", {"SYSLOG_IDENTIFIER": "x kernel:", "_PID": "7"}),
              ("stdout", {"SYSLOG_IDENTIFIER": "kernel", "_PID": "] a kernel:"})]
    for way, fields in forged:
        seen = explained(run, "".join(journal(way, **fields)).encode())
        expect(seen["incidents"] == [] and seen["input"]["not_believed"]["count"] > 0, f"{way} {fields} is believed")


BAD = (
    (b"\x1f\x8b\x08\x00", b"memcage: standard input:1: is compressed; say: zcat FILE | memcage explain\n"),
    (b"LPKSHHRH\x00", b"memcage: standard input:1: is a binary journal; say: journalctl -k --file FILE"
                      b" | memcage explain\n"),
    (b'{"schema": "memcage.report/1",\n  oops', b"memcage: standard input:2:6: "),
    (b'{"log": "x"}', b"memcage: standard input:1:1: "),
)


def bad_input_is_one_line(run):
    for text, wanted in BAD:
        done = call(run, [program(run), "explain"], input=text)
        expect(done.returncode == 125, f"{text!r} ended with {done.returncode}")
        expect(done.stderr.startswith(wanted) and done.stderr.count(b"\n") == 1, f"{text!r} is told as {done.stderr!r}")
    missing = call(run, [program(run), "explain", "nowhere.log"])
    expect(missing.returncode == 125 and missing.stderr.startswith(b"memcage: nowhere.log: "), f"{missing.stderr!r}")
    empty = call(run, [program(run), "explain"], input=b"")
    expect(empty.returncode == 1 and b"no OOM kill in 0 lines" in empty.stdout, f"empty: {empty}")


KILL = """[{0}.0] p{0} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
[{0}.0] Out of memory: Killed process {1} (p{0}) total-vm:9000kB, anon-rss:4096kB, file-rss:8kB, shmem-rss:0kB, \
UID:7 pgtables:40kB oom_score_adj:0
"""


def a_gigabyte(harness, run):
    """1 GiB of log with 1500 kills, in a cage of 24 MiB: memory does not grow with the log."""
    noise = b"".join(b"[%d.0] usb 1-1: new high-speed USB device number %d, of memory, using xhci\n" % (i, i)
                     for i in range(8000))
    words = [harness.program, "run", "-m", "24M", "-q", "-r", "report.json", "--", harness.program, "explain", "--json"]
    written = number = 0
    with open(run.path("out.json"), "w+b") as out:
        run.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=out, cwd=run.directory,
                                       preexec_fn=run.group.enter)
        while written < 1 << 30:
            number += 1
            text = noise + (KILL.format(number, number + 1).encode() if number <= 1500 else b"")
            run.process.stdin.write(text)
            written += len(text)
        run.process.stdin.close()
        run.status = run.process.wait(120)
        out.seek(0)
        result = json.load(out)
    os.unlink(run.path("out.json"))
    expect(run.status == 0, f"ended with {run.status}")
    expect(result["incident_count"] == 1500, f"{result['incident_count']} incidents")
    expect(len(result["incidents"]) == 1000, f"{len(result['incidents'])} are listed")
    expect(result["incidents"][999]["victims"][0]["pid"] == 1001, "not the first ones are listed")


CASES = [
    Case("explain/own_limit", ("touch_pages", "64M"), "oom_kill/own_limit", 137, ("-m", "16M"),
         victim="main", log=True, check=report_tells_the_line, needs=("kernel_log",)),
    Case("explain/grandchild", ("grandchild_hog", "64M"), "oom_kill/own_limit", 0, ("-m", "24M"),
         victim="descendant", log=True, check=log_and_report_agree, needs=("kernel_log",)),
    Case("explain/shared_memory", ("shm_hog", "64M"), "oom_kill/own_limit", (137, 0, 1), ("-m", "16M"),
         log=True, check=log_and_report_agree, needs=("kernel_log",)),
    Case("explain/ancestor", ("touch_pages", "128M"), "oom_kill/ancestor_limit", 137, ("-m", "64M"),
         outer=32 * MIB, victim="main", log=True, check=lambda run: same_as_report(run, incident_of_run(run)),
         needs=("kernel_log",)),
    Case("explain/group", ("grandchild_hog", "64M"), "oom_kill/own_limit", 137, ("-m", "24M", "--oom-group"),
         worlds=("v2",), log=True, check=group_is_told, needs=("kernel_log",)),
    Case("explain/none", ("exit_with", "0"), "ok/clean", 0, ("-m", "16M"), check=no_kill_is_none),
    Case("explain/bad_input", ("exit_with", "0"), "ok/clean", 0, ("-m", "16M"), check=bad_input_is_one_line),
    Case("explain/json_logs", ("exit_with", "0"), "ok/clean", 0, ("-m", "16M"), worlds=("v1",), check=json_is_a_log_too),
    Case("explain/a_gigabyte", verdict="ok", status=0, worlds=("v1",), drive=a_gigabyte, alone=True, timeout=180),
]
