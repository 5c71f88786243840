# SPDX-License-Identifier: MIT
"""memcage batch: jobs in, records out, whatever the jobs, the reader and the signals do."""

import json
import os
import re
import signal
import subprocess
import threading
import time

from harness import Case, Mismatch, expect
from groups import read

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRUE = ["/bin/true"]
LIMIT = ("-m", "64M", "-q")


def job(name, argv, **members):
    return {"id": name, "argv": list(argv), **members}


def lines_of(jobs):
    """Texts are lines as they are."""
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in jobs).encode()


class Batch:
    """One memcage batch that reads jobs from a pipe, or from the file `jobs` of the case's directory."""

    def __init__(self, harness, run, *options, jobs=None, stdout=subprocess.PIPE):
        self.harness, self.run = harness, run
        source = "-"
        if jobs is not None:
            source = run.path("jobs.jsonl")
            with open(source, "wb") as file:
                file.write(lines_of(jobs))
        self.process = run.process = subprocess.Popen(
            [harness.program, "batch", *options, source], stdin=subprocess.PIPE, stdout=stdout,
            stderr=subprocess.PIPE, cwd=run.directory, preexec_fn=run.group.enter,
            env={**os.environ, "TMPDIR": run.directory})
        run.cleanups.append(self.end)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def feed(self, jobs):
        self.process.stdin.write(lines_of(jobs))
        self.process.stdin.flush()

    def record(self):
        """The next one, as soon as it comes."""
        return self.take(self.process.stdout.readline())

    def take(self, line):
        expect(line.endswith(b"\n"), f"a torn line: {line[-60:]!r}")
        try:
            record = json.loads(line)
        except ValueError as error:
            raise Mismatch(f"a record is no JSON: {error}") from None
        if "error" not in record:
            for error in self.harness.validator.iter_errors(record):
                raise Mismatch(f"schema: {'/'.join(map(str, error.path))}: {error.message}")
        for error in record_validator(self.harness).iter_errors(record):
            raise Mismatch(f"batch schema: {error.message}")
        return record

    def finish(self, status, timeout=60):
        """What comes until its end, with the exit status that is expected."""
        out, self.run.stderr = self.process.communicate(timeout=timeout * self.run.scale)
        self.run.status = self.process.returncode
        expect(self.run.status == status, f"exit status {self.run.status}, not {status}")
        for name in ("jobs.jsonl",):
            if os.path.exists(self.run.path(name)):
                os.unlink(self.run.path(name))
        return [self.take(line) for line in (out or b"").splitlines(keepends=True)]


def record_validator(harness):
    if not hasattr(harness, "record_validator"):
        if harness.validator.__class__ is type and not hasattr(harness.validator, "schema"):
            harness.record_validator = harness.validator    # --no-schema
        else:
            with open(os.path.join(SOURCE, "include/memcage/batch.schema.json"), encoding="utf-8") as file:
                harness.record_validator = type(harness.validator)(json.load(file))
    return harness.record_validator


def by_id(records):
    found = {record["id"]: record for record in records if "id" in record and "error" not in record}
    count = sum("error" not in record for record in records)
    expect(len(found) == count, f"{count} reports of {len(found)} ids")
    return found


def verdict(record):
    return f"{record['verdict']}/{record['reason']}" if "verdict" in record else "error"


def verdicts(records):
    return {name: verdict(record) for name, record in by_id(records).items()}


def errors(records):
    return {record["error"]["line"]: record["error"]["message"] for record in records if "error" in record}


def expect_verdicts(records, wanted):
    seen = verdicts(records)
    wrong = {name: (seen.get(name), wanted.get(name)) for name in {*seen, *wanted} if seen.get(name) != wanted.get(name)}
    expect(not wrong, f"{len(wrong)} wrong, for example {dict(list(wrong.items())[:5])}")


# ---- jobs ----

def mix(harness, run):
    """Every kind of job, three at a time; reports come as they end."""
    touch = os.path.join(harness.workloads, "touch_pages")
    refused = os.path.join(harness.workloads, "malloc_until_null")
    jobs = [
        job("slow", ["sleep", "0.7"], expect="ok"),
        job("quick", TRUE, expect="ok/clean"),
        job("oom", [touch, "64M"], memory="16M", expect="oom_kill/own_limit"),
        job("refused", [refused, "1M"], memory="16M", at_limit="fail", expect="alloc_failure/refused"),
        job("timeout", ["sleep", "60"], wall_time="300ms", expect="timeout/wall"),
        job("status", ["sh", "-c", "echo $WORD; echo bad >&2; exit 3"], env={"WORD": "a b"}, expect="failed/exit"),
        job("files", ["sh", "-c", "cat; pwd >&2"], stdin=run.path("in"), stdout=run.path("out"),
            stderr=run.path("err"), chdir="/", memory=67108864),
        job("flag", ["sh", "-c", "sleep 0.3 & exit 0"], wait_tree=True),
        job("policy", TRUE, policy="kubernetes"),
        job("umlaut ä\n\"", TRUE),
    ]
    with open(run.path("in"), "w", encoding="ascii") as file:
        file.write("from a file\n")
    records = Batch(harness, run, "--jobs", "3", *LIMIT, jobs=jobs).finish(0)
    expect_verdicts(records, {
        "slow": "ok/clean", "quick": "ok/clean", "oom": "oom_kill/own_limit", "timeout": "timeout/wall",
        "refused": "alloc_failure/refused", "status": "failed/exit", "files": "ok/clean",
        "flag": "ok/clean", "policy": "ok/clean", "umlaut ä\n\"": "ok/clean"})
    found = by_id(records)
    expect(found["refused"]["alloc_failures"]["count"] > 0, "no refusal was seen")
    order = [record["id"] for record in records]
    expect(order.index("quick") < order.index("slow"), f"a report waited for another: {order}")
    streams = found["status"]["streams"]
    expect("a b" in streams["stdout"]["head"] and "bad" in streams["stderr"]["head"], f"streams {streams}")
    expect(found["quick"]["expect_met"] is True and "expect" not in found["files"], "expect")
    expect(found["policy"]["policy"] == "kubernetes", "the policy is not in the report")
    for name, text in (("out", "from a file\n"), ("err", "/\n")):
        expect(read(run.path(name)) == text, f"{name}: {read(run.path(name))!r}")
        os.unlink(run.path(name))
    os.unlink(run.path("in"))


def bad_lines(harness, run):
    """Each bad line is one record, and the others run."""
    jobs = [
        job("first", TRUE),
        "no json",
        "",
        "[1]",
        '{"argv": ["true"]}',
        '{"id": "no-argv"}',
        job("unknown", TRUE, memroy="1M"),
        job("value", TRUE, memory="much"),
        job("type", TRUE, wait_tree=1),
        job("together", TRUE, at_limit="fail", memory="max"),
        job("verdict", TRUE, expect="fine"),
        job("nobody", TRUE, policy="no-such-policy"),
        job("place", TRUE, parent="/"),
        '{"id": "twice", "id": "twice", "argv": ["true"]}',
        '{"id": "long", "argv": ["' + "x" * (1 << 20) + '"]}',
        job("first", TRUE),
        job("last", TRUE),
    ]
    records = Batch(harness, run, *LIMIT, jobs=jobs).finish(1)
    expect_verdicts(records, {"first": "ok/clean", "last": "ok/clean"})
    told = errors(records)
    wanted = {2: "no JSON", 4: "object", 5: '"id"', 6: '"argv"', 7: 'did you mean "memory"', 8: "not a size",
              9: "true or false", 10: "needs a memory limit", 11: "no such verdict", 12: "no-such-policy",
              13: '"parent"', 14: "no JSON", 15: "longer than 1 MiB", 16: "same id"}
    expect(set(told) == set(wanted), f"errors in lines {sorted(told)}, not {sorted(wanted)}")
    for line, words in wanted.items():
        expect(words in told[line], f"line {line}: {told[line]}")
    ids = {record["error"]["line"]: record.get("id") for record in records if "error" in record}
    expect(ids[8] == "value" and ids[6] == "no-argv" and ids[2] is None, f"ids of errors {ids}")


def unmet(harness, run):
    """The exit status tells of what did not end as expected."""
    jobs = [job("a", TRUE, expect="failed"), job("b", ["no-such-command"], expect="not_started/exec")]
    records = by_id(Batch(harness, run, *LIMIT, jobs=jobs).finish(1))
    expect(records["a"]["expect_met"] is False and records["b"]["expect_met"] is True, "expect_met")
    Batch(harness, run, *LIMIT, jobs=[jobs[1]]).finish(0)
    Batch(harness, run, *LIMIT, jobs=[job("c", ["no-such-command"])]).finish(1)
    Batch(harness, run, "--expect", "failed", *LIMIT, jobs=[job("d", ["false"])]).finish(0)


def complaints(harness, run):
    for options, words in ((("--jobs", "0"), b"greater than 0"), (("--expect", "fine"), b"no such verdict"),
                           (("--resume", "nowhere.jsonl"), b"nowhere.jsonl"), (("-r", "x"), b"unknown option")):
        batch = Batch(harness, run, *options)
        expect(not batch.finish(125), "there are records")
        expect(words in run.stderr, f"{options}: said {run.stderr!r}")


def example(harness, run):
    """What examples/batch says is so."""
    with open(os.path.join(SOURCE, "examples/batch/jobs.jsonl"), encoding="utf-8") as file:
        jobs = [json.loads(line) for line in file]
    records = by_id(Batch(harness, run, "-q", jobs=jobs).finish(0))
    expect(len(records) == len(jobs) and all(record["expect_met"] for record in records.values()), "unmet")


# ---- the two ends ----

def line_by_line(harness, run):
    """A program feeds it and reads: each answer comes while the input stays open."""
    batch = Batch(harness, run, "--jobs", "1", *LIMIT)
    for number in range(5):
        batch.feed([job(str(number), ["sh", "-c", f"exit {number}"])])
        record = batch.record()
        expect(record["id"] == str(number) and record["exit"]["code"] == number, f"an answer to another: {record['id']}")
        time.sleep(0.05)
    batch.feed(["{"])
    expect(batch.record()["error"]["line"] == 6, "a bad line waits")
    batch.process.stdin.write(json.dumps(job("half", TRUE)).encode()[:9])
    batch.process.stdin.flush()
    time.sleep(0.1)
    batch.process.stdin.write(json.dumps(job("half", TRUE)).encode()[9:])     # and no newline at the end
    records = batch.finish(1)
    expect_verdicts(records, {"half": "ok/clean"})


def slow_reader(harness, run):
    """Nobody reads: no more jobs are taken, nothing grows, and nothing is lost."""
    count = 1000
    padding = {"PADDING": "x" * 500}    # more than pipes and a block hold
    batch = Batch(harness, run, "--jobs", "2", *LIMIT)
    feeder = threading.Thread(target=lambda: (batch.feed(job(str(i), TRUE, env=padding) for i in range(count)),
                                              batch.process.stdin.close()))
    feeder.start()
    seen = -1
    while seen != (seen := cpu_ticks(batch.process.pid)):
        time.sleep(1 * run.scale)
    expect(feeder.is_alive(), "all input was read though nobody took a report")
    kilobytes = status_kb(batch.process.pid, "VmRSS")
    expect(kilobytes < 24 << 10, f"{kilobytes} KiB are held")
    records = [batch.take(line) for line in batch.process.stdout]
    feeder.join()
    expect(batch.process.wait() == 0, f"exit status {batch.process.returncode}")
    expect_verdicts(records, {str(i): "ok/clean" for i in range(count)})


def cpu_ticks(pid):
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def status_kb(pid, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB$", read(f"/proc/{pid}/status"), re.MULTILINE).group(1))


def reader_gone(harness, run):
    """A reader who goes away ends the batch and what it runs."""
    batch = Batch(harness, run, "--jobs", "2", *LIMIT, jobs=[job("a", TRUE), job("b", ["sleep", "60"]), job("c", TRUE)])
    batch.process.stdout.close()
    expect(batch.process.wait(20 * run.scale) == 125, f"exit status {batch.process.returncode}")
    os.unlink(run.path("jobs.jsonl"))


# ---- resume ----

def resume(harness, run):
    """Done is done; what was torn, interrupted or an error runs again."""
    jobs = [job(str(number), TRUE) for number in range(6)]
    reports = run.path("reports.jsonl")

    def run_to(reports, *options, status=0):
        with open(reports, "ab") as file:
            Batch(harness, run, *LIMIT, *options, jobs=jobs, stdout=file).finish(status)
        with open(reports, "rb") as file:
            return [json.loads(line) for line in file]

    records = run_to(reports)
    expect(len(records) == 6, f"{len(records)} reports")
    by_name = {record["id"]: json.dumps(record).encode() + b"\n" for record in records}
    stopped = json.dumps({**json.loads(by_name["3"]), "verdict": "killed", "reason": "interrupted"}).encode() + b"\n"
    error = json.dumps({"id": "4", "error": {"line": 5, "message": "bad"}}).encode() + b"\n"
    with open(reports, "wb") as file:
        file.write(by_name["0"] + stopped + error + by_name["1"] + by_name["2"][:99])
    records = run_to(reports, "--resume", reports)
    expect(b"torn" in run.stderr, f"said {run.stderr!r}")
    expect([record["id"] for record in records[:4]] == ["0", "3", "4", "1"], "what was there has changed")
    expect(sorted(record["id"] for record in records[4:]) == ["2", "3", "4", "5"], "others ran")
    with open(reports, "rb+") as file:
        file.truncate(os.path.getsize(reports) - 1)     # whole, but for its newline
    expect(len(run_to(reports, "--resume", reports)) == 8, "a job ran again")
    batch = Batch(harness, run, *LIMIT, "--resume", reports, jobs=jobs, stdout=open(reports, "rb+"))
    batch.finish(125)
    expect(b">>" in run.stderr, f"said {run.stderr!r}")
    os.unlink(reports)


# ---- signals ----

def interrupted(number):
    def drive(harness, run):
        """What ran is reported as interrupted, what had ended is kept, the rest is not run."""
        jobs = [job("done", TRUE), *(job(f"long{i}", ["sh", "-c", "sleep 60 & sleep 60"]) for i in range(3)),
                *(job(f"later{i}", TRUE) for i in range(9))]
        batch = Batch(harness, run, "--jobs", "3", "-m", "64M", jobs=jobs)
        first = batch.record()
        expect(first["id"] == "done", f"first came {first['id']}")
        run.wait_for(lambda: len(run.group.left_processes()) >= 8, "three jobs to run")
        batch.process.send_signal(number)
        records = batch.finish(128 + number, timeout=10)
        expect_verdicts(records, {f"long{i}": "killed/interrupted" for i in range(3)})
        expect(b"stopped" in run.stderr, f"said {run.stderr!r}")
    return drive


def killed(harness, run):
    """Nothing survives a SIGKILL of the supervisor, however many ran."""
    batch = Batch(harness, run, "--jobs", "20", *LIMIT)
    batch.feed(job(str(i), ["sh", "-c", "setsid sleep 60 & sleep 60"]) for i in range(20))
    run.wait_for(lambda: len(run.group.left_processes()) >= 42, "20 jobs to run")
    batch.process.kill()
    batch.process.wait()
    deadline = time.monotonic() + 10 * run.scale
    while (run.group.left_processes() or run.group.left_groups()) and time.monotonic() < deadline:
        time.sleep(0.05)


# ---- memory ----

def memory_total(harness, run):
    """Limits of jobs that run at the same time never exceed the total; what never fits is an error."""
    jobs = [job(str(i), ["sleep", "0.3"], memory="40M") for i in range(5)]
    jobs += [job("large", TRUE, memory="101M"), job("unlimited", ["sleep", "0.3"], memory="max")]
    batch = Batch(harness, run, "--jobs", "8", "--memory-total", "100M", "-q", jobs=jobs)
    most = 0
    file = "memory.max" if run.world == "v2" else "memory.limit_in_bytes"
    home_limits = set()
    while batch.process.poll() is None:
        leaves = [path for path in run.group.left_groups() if path.startswith(run.group.main)]
        most = max(most, sum(os.path.basename(path).startswith("run-") for path in leaves))
        home_limits |= {limit for path in leaves if os.path.basename(path).startswith("memcage-")
                        and (limit := quietly_read(os.path.join(path, file)))}
        time.sleep(0.01)
    records = batch.finish(1)
    expect_verdicts(records, {**{str(i): "ok/clean" for i in range(5)}, "unlimited": "ok/clean"})
    expect("never" in errors(records)[6], f"errors {errors(records)}")
    expect(most == 2, f"{most} ran at a time, not 2")
    expect(str((100 << 20) * 17 // 16 >> 12 << 12) in home_limits, f"limits of all together: {home_limits}")


def quietly_read(path):
    try:
        return read(path).strip()
    except OSError:
        return ""


# ---- many ----

def many(harness, run):
    """Two thousand in a mix, each with its own verdict and nobody else's."""
    touch = os.path.join(harness.workloads, "touch_pages")
    kinds = [(TRUE, {}, "ok/clean"), (["false"], {}, "failed/exit"), (["no-such-command"], {}, "not_started/exec"),
             (["sh", "-c", "kill -SEGV $$"], {}, "failed/crash"), (["sh", "-c", "echo out; echo err >&2"], {}, "ok/clean")]
    count = 2000 if run.scale <= 1 else 200
    jobs, wanted = [], {}
    for number in range(count):
        argv, members, end = kinds[number % len(kinds)]
        if number % 100 == 50:      # few: the kernel's own record of a kill is rate-limited
            argv, members, end = [touch, "64M"], {"memory": "16M"}, "oom_kill/own_limit"
        elif number % 100 == 51:
            argv, members, end = ["sleep", "60"], {"wall_time": "50ms"}, "timeout/wall"
        jobs.append(job(str(number), argv, **members))
        wanted[str(number)] = end
    records = Batch(harness, run, "--jobs", "4", *LIMIT, jobs=jobs).finish(1, timeout=240)
    expect_verdicts(records, wanted)


def alive_at_once(harness, run):
    """A thousand cages at the same time, in little memory, and one more beside them that is not slow."""
    count = 1000 if run.scale <= 1 else 100
    batch = Batch(harness, run, "--jobs", str(count + 1), *LIMIT)
    batch.feed(job(str(i), ["sleep", "600"]) for i in range(count))
    deadline = time.monotonic() + 60 * run.scale
    while len(run.group.left_processes()) < count + 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    expect(len(run.group.left_processes()) == count + 2, f"{len(run.group.left_processes())} processes run")
    status = dict(line.split(":") for line in read(f"/proc/{batch.process.pid}/status").splitlines())
    own = int(status["RssAnon"].split()[0])
    expect(own < 4096 + 28 * count, f"{own} KiB for {count} cages")
    batch.feed([job("beside", ["sh", "-c", "ulimit -n"], stdout=run.path("beside"))])
    record = batch.record()
    expect(record["id"] == "beside", f"{record['id']} ended first")
    here = subprocess.run(["sh", "-c", "ulimit -n"], stdout=subprocess.PIPE, check=True).stdout
    expect(read(run.path("beside")).encode() == here, f"RLIMIT_NOFILE {read(run.path('beside'))!r}, not {here!r}")
    os.unlink(run.path("beside"))
    batch.process.send_signal(signal.SIGTERM)
    records = batch.finish(143, timeout=60)
    expect_verdicts(records, {str(i): "killed/interrupted" for i in range(count)})


def crlf(harness, run):
    """Lines as other systems end them, blank ones between them, the last one not ended at all."""
    text = "\r\n".join(json.dumps(job(str(i), TRUE)) + ("\r\n \r" if i == 1 else "") for i in range(3))
    batch = Batch(harness, run, *LIMIT)
    batch.process.stdin.write(text.encode())
    records = batch.finish(0)
    expect_verdicts(records, {str(i): "ok/clean" for i in range(3)})


def none_starts(harness, run):
    """Each job fails on its way: a record for each, and nothing is lost or left of them."""
    count = 100
    jobs = [job(f"directory{i}", TRUE, chdir="/nosuch") for i in range(count)]
    jobs += [job(f"stream{i}", TRUE, stdout="/nosuch/file") for i in range(count)]
    records = Batch(harness, run, *LIMIT, "--jobs", "4", jobs=jobs).finish(1)
    expect_verdicts(records, {f"directory{i}": "not_started/setup" for i in range(count)})
    expect(len(errors(records)) == count, f"{len(errors(records))} error records")


def disk_full(harness, run):
    """Reports that cannot be written end the batch, and no more jobs are started."""
    with open("/dev/full", "wb") as full:
        batch = Batch(harness, run, *LIMIT, "--jobs", "1", stdout=full,
                      jobs=[job(str(i), ["sh", "-c", "echo >> started"]) for i in range(20)])
        batch.finish(125)
    expect(b"No space left on device" in run.stderr, f"{run.stderr!r}")
    expect(len(read(run.path("started")).splitlines()) <= 2, "it went on")
    os.unlink(run.path("started"))


CASES = [
    Case("batch/crlf", drive=crlf),
    Case("batch/none_starts", drive=none_starts),
    Case("batch/disk_full", drive=disk_full),
    Case("batch/mix", drive=mix),
    Case("batch/bad_lines", drive=bad_lines),
    Case("batch/unmet", drive=unmet),
    Case("batch/complaints", drive=complaints),
    Case("batch/example", drive=example, needs=("python",)),
    Case("batch/line_by_line", drive=line_by_line),
    Case("batch/slow_reader", drive=slow_reader, alone=True),
    Case("batch/reader_gone", drive=reader_gone),
    Case("batch/resume", drive=resume),
    Case("batch/int", drive=interrupted(signal.SIGINT), alone=True),
    Case("batch/term", drive=interrupted(signal.SIGTERM), alone=True),
    Case("batch/killed", drive=killed, alone=True),
    Case("batch/memory_total", drive=memory_total, alone=True),
    Case("batch/many", drive=many, alone=True, log=True),
    Case("batch/alive_at_once", drive=alive_at_once, alone=True),
]
