# SPDX-License-Identifier: MIT
"""Standard input, output and error; and where the report goes."""

import json
import os
import stat

from harness import Case, expect

M = ("-m", "64M", "-q")
BINARY = bytes(range(256)) * 1000


def stream_is(name, wanted):
    def check(run):
        got = getattr(run, name)
        expect(got == wanted, f"{name} is {got[:80]!r} ({len(got)} bytes), not {wanted[:80]!r} ({len(wanted)} bytes)")
    return check


def file_is(name, wanted):
    def check(run):
        with open(run.path(name), "rb") as file:
            got = file.read()
        expect(got == wanted, f"{name} holds {got[:80]!r}")
    return check


def input_file(run):
    with open(run.path("input"), "wb") as file:
        file.write(BINARY)


# report targets ----------------------------------------------------------------------------------

def old_report(run):
    with open(run.path("report.json"), "w", encoding="ascii") as file:
        file.write("old" * 100000)
    run.keep["inode"] = os.stat(run.path("report.json")).st_ino


def replaced(run):
    expect(os.stat(run.path("report.json")).st_ino != run.keep["inode"], "the file was rewritten, not replaced")


def null_unharmed(run):
    expect(stat.S_ISCHR(os.stat("/dev/null").st_mode), "/dev/null is no device any more")


def symbolic_link(run):
    with open(run.path("target"), "w", encoding="ascii") as file:
        file.write("precious")
    os.symlink("target", run.path("link"))


def target_unharmed(run):
    file_is("target", b"precious")(run)
    expect(os.path.islink(run.path("link")), "the symbolic link is gone")
    expect(b"link" in run.stderr, "standard error does not name the link")


def open_fifo(run):
    os.mkfifo(run.path("fifo"))
    run.keep["fifo"] = os.open(run.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)


def read_fifo(run):
    text = os.read(run.keep["fifo"], 1 << 20)
    os.close(run.keep["fifo"])
    expect(stat.S_ISFIFO(os.stat(run.path("fifo")).st_mode), "the FIFO was replaced")
    expect(json.loads(text)["verdict"] == "ok", "no report came through the FIFO")


def open_descriptor(run):
    fd = os.open(run.path("by-fd.json"), os.O_RDWR | os.O_CREAT, 0o600)
    run.keep.update(fd=fd, pass_fds=[fd], report=f"/dev/fd/{fd}", inode=os.fstat(fd).st_ino)


def read_descriptor(run):
    text = os.pread(run.keep["fd"], 1 << 20, 0)
    os.close(run.keep["fd"])
    expect(os.stat(run.path("by-fd.json")).st_ino == run.keep["inode"], "the file behind the descriptor was replaced")
    expect(json.loads(text)["verdict"] == "ok", "no report came through the descriptor")


def report_on_stdout(run):
    expect(json.loads(run.stdout)["verdict"] == "ok", f"standard output is no report: {run.stdout[:80]!r}")


def private_report(run):
    mode = stat.S_IMODE(os.stat(run.path("report.json")).st_mode)
    expect(mode & 0o022 == 0, f"the report's mode is {mode:o}")


def two_directories(run):
    os.mkdir(run.path("sub"))
    os.mkdir(run.path("other"))


def where_it_was(run):
    """Not where the way leads that the command has made."""
    expect(os.listdir(run.path("other")) == [], f"the report went to {os.listdir(run.path('other'))}")
    expect(os.listdir(run.path("old")) == ["report.json"], f"there is {os.listdir(run.path('old'))}")


TRUE = ("exit_with", "0")

CASES = [
    Case("streams/stdin", ("cat",), "ok/clean", 0, M, stdin=BINARY, check=stream_is("stdout", BINARY)),
    Case("streams/stdin_empty", ("cat",), "ok/clean", 0, M, check=stream_is("stdout", b"")),
    Case("streams/stdin_file", ("cat",), "ok/clean", 0, (*M, "--stdin", "{dir}/input"), setup=input_file,
         files=("input",), check=stream_is("stdout", BINARY)),
    Case("streams/stdin_file_missing", ("cat",), ("not_started/setup", None), 125,
         (*M, "--stdin", "/nonexistent")),
    Case("streams/stdout_file", ("echo", "hello"), "ok/clean", 0, (*M, "--stdout", "{dir}/out"), files=("out",),
         check=file_is("out", b"hello\n")),
    Case("streams/stderr_file", ("sh", "-c", "echo oops >&2"), "ok/clean", 0, (*M, "--stderr", "{dir}/err"),
         files=("err",), check=file_is("err", b"oops\n")),
    Case("streams/stdout_link", TRUE, None, 125, ("-m", "64M", "--stdout", "{dir}/link"), setup=symbolic_link,
         files=("target", "link"), check=target_unharmed, report=""),
    Case("streams/one_file_keeps_order", ("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo -$i >&2; done"),
         "ok/clean", 0, M, merge=True,
         check=stream_is("stdout", b"".join(b"%d\n-%d\n" % (n, n) for n in range(1, 10)))),
    Case("streams/no_tap", ("echo", "hello"), "ok/clean", 0, (*M, "--no-tap"), check=stream_is("stdout", b"hello\n")),
    Case("streams/binary_output", ("cat",), "ok/clean", 0, M, stdin=b"\xff\xfe\x00\x80" * 5000,
         check=stream_is("stdout", b"\xff\xfe\x00\x80" * 5000)),
    Case("streams/closed_by_workload", ("sh", "-c", "exec >&- 2>&-; sleep 0.1; exit 3"), "failed/exit", 3, M),
    Case("streams/summary", ("exit_with", "3"), "failed/exit", 3, ("-m", "64M"),
         check=lambda run: expect(run.stderr.startswith(b"memcage: ") and run.stderr.count(b"\n") == 1,
                                  f"standard error is {run.stderr!r}")),
    Case("streams/quiet", ("exit_with", "3"), "failed/exit", 3, M, check=stream_is("stderr", b"")),
    Case("streams/environment", ("env",), "ok/clean", 0, (*M, "--clear-env", "--env", "COLOUR=blue"),
         check=lambda run: expect([line for line in run.stdout.splitlines() if not line.startswith(
             (b"LD_PRELOAD=", b"MEMCAGE_"))] == [b"COLOUR=blue"], f"environment is {run.stdout!r}")),
    Case("streams/chdir", ("pwd",), "ok/clean", 0, (*M, "--chdir", "/usr"), check=stream_is("stdout", b"/usr\n")),

    Case("report/existing_file", TRUE, "ok/clean", 0, M, setup=old_report, check=replaced),
    Case("report/mode", TRUE, "ok/clean", 0, M, check=private_report),
    Case("report/dev_null", TRUE, None, 0, M, report="/dev/null", check=null_unharmed),
    Case("report/descriptor", TRUE, "ok/clean", 0, M, setup=open_descriptor, check=read_descriptor,
         report="by-fd.json"),
    Case("report/fifo", TRUE, None, 0, M, setup=open_fifo, check=read_fifo, report="fifo"),
    Case("report/stdout", TRUE, None, 0, M, report="-", check=report_on_stdout),
    Case("report/symbolic_link", TRUE, None, 125, ("-m", "64M"), setup=symbolic_link, report="link",
         files=("target",), check=target_unharmed),
    Case("report/directory_swapped", ("sh", "-c", "mv {dir}/sub {dir}/old && ln -s other {dir}/sub"), None, 0, M,
         report="sub/report.json", setup=two_directories, files=("sub", "old", "other"), check=where_it_was),
    Case("report/directory", TRUE, None, 125, ("-m", "64M"), report="sub", setup=lambda run: os.mkdir(run.path("sub"))),
    Case("report/no_such_directory", TRUE, None, 125, ("-m", "64M"), report="missing/report.json"),
]
