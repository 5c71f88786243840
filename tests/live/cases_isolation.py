# SPDX-License-Identifier: MIT
"""Commands behind walls: what they see, what they cannot do, and that nothing of them is left."""

import fcntl
import os
import re
import shutil
import signal
import socket
import tempfile
import termios
import time

from harness import Case, expect
from cases_callers import close_descriptors

M = ("-m", "64M", "-q")
# The policy untrusted without its seccomp rules: each wall has to hold by itself. Those of the rules
# have units, and tests/attacks.
WALLS = """namespaces: [{namespaces}]
root: private
mounts:
  - read-only: /usr
  - {{link: usr/bin, at: /bin}}
  - {{link: usr/sbin, at: /sbin}}
  - {{link: usr/lib, at: /lib}}
  - {{link: usr/lib64, at: /lib64}}
  - read-only: /etc/passwd
  - {{read-only: /etc/ld.so.cache, optional: true}}
  - {{read-only: /etc/alternatives, optional: true}}
  - {{tmpfs: /tmp, size: 64M, inodes: 4096}}
  - proc: /proc
  - dev: /dev
  - read-only: .
  - read-only: {workloads}
{bind}hostname: cage
user: {{uid: 1000, gid: 1000}}
capabilities: {{keep: []}}
no-new-privileges: true
no-nested-namespaces: {nested}
new-session: true
keyring: true
rlimits: {{core: 0, nofile: 256}}
landlock: {landlock}
preferred: [{preferred}]
"""
SPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
NAMESPACES = ("user", "pid", "mount", "network", "ipc", "uts", "cgroup", "time")
WITHOUT_USER = NAMESPACES[1:]


def enterable(run):
    """The command is another user than the one whose directory this is."""
    os.chmod(run.directory, 0o755)


def write_policy(run, namespaces, landlock, nested):
    """In the case's directory; a directory of run.keep["open"] is mounted, too."""
    preferred = ["landlock"] * landlock + ["time-namespace"]
    bind = f"  - read-write: {run.keep['open']}\n" if "open" in run.keep else ""
    with open(run.path("walls.yaml"), "w", encoding="ascii") as file:
        file.write(WALLS.format(namespaces=", ".join(namespaces), bind=bind, preferred=", ".join(preferred),
                                landlock=str(landlock).lower(), nested=str(nested).lower(),
                                workloads=run.keep["workloads"]))


def case(name, argv, verdict="ok/clean", status=0, options=M, namespaces=NAMESPACES, landlock=True, nested=True, **more):
    """Behind WALLS: with these namespaces, with Landlock if it is there, without nested namespaces."""
    setup = more.pop("setup", None)
    files = ("walls.yaml", *more.pop("files", ()))

    def prepare(run):
        enterable(run)
        if setup:
            setup(run)
        write_policy(run, namespaces, landlock, nested)
    return Case("isolation/" + name, argv, verdict, status, (*options, "-p", "{dir}/walls.yaml"), setup=prepare,
                files=files, **more)


def shell(name, script, wanted, **more):
    """A script whose every line of output is known."""
    def check(run):
        lines = run.stdout.decode("utf-8", "replace").splitlines()
        expect(lines == list(wanted), f"it saw {lines}, not {list(wanted)}; {run.stderr.decode()[-200:]}")
    return case(name, ("sh", "-c", script), check=check, **more)


def python(name, text, wanted, **more):
    """A program whose every word of output fits a pattern."""
    def check(run):
        seen = " ".join(run.stdout.decode().split())
        expect(re.fullmatch(wanted, seen), f"it saw {seen}, not {wanted}; {run.stderr[-300:]!r}")
    return case(name, ("/usr/bin/python3", "-I", "-c", text), check=check, needs=("python",), **more)


def tries(*attempts):
    """Python that prints the errno of each attempt, 0 where it succeeded."""
    lines = ["import ctypes, errno, os, signal, socket, struct, sys",
             "libc = ctypes.CDLL(None, use_errno=True)",
             "def call(*a):",
             "    if libc.syscall(*a) < 0: raise OSError(ctypes.get_errno(), '')",
             "def attempt(f):",
             "    try: f(); print('done')",
             "    except OSError as e: print(errno.errorcode.get(e.errno, e.errno))"]
    return "\n".join(lines + [f"attempt(lambda: {attempt})" for attempt in attempts])


def other_namespaces(run):
    seen = dict(line.split("=", 1) for line in run.stdout.decode().splitlines())
    without_time = any(text.startswith("time-namespace:") for text in run.get("enforcement.degraded"))
    for name in set(SPACES) - ({"time"} if without_time else set()):
        ours = os.readlink("/proc/self/ns/" + name)
        expect(seen[name] and seen[name] != ours, f"{name}: {seen[name]} inside, {ours} outside")


def only_what_was_mounted(run):
    """Nothing of the host's root but what the policy names and the directories on the way to it."""
    mounted = {"bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "tmp", "usr"}
    mounted |= {path.split("/")[1] for path in (run.directory, run.keep["workloads"])}
    seen = run.stdout.decode("utf-8", "replace").split()
    expect(seen == sorted(mounted), f"it saw {seen}, not {sorted(mounted)}; {run.stderr.decode()[-200:]}")


def named(*names):
    def check(run):
        missing = set(names) - set(run.get("enforcement.mechanisms"))
        expect(not missing, f"not among the mechanisms: {missing}")
    return check


def left_out(name):
    def check(run):
        expect(name not in run.get("enforcement.mechanisms"), f"{name} is named as given")
        expect(any(text.startswith(name + ":") for text in run.get("enforcement.degraded")),
               f"{name} is not among {run.get('enforcement.degraded')}")
    return check


def environment(**variables):
    def setup(run):
        run.keep["env"] = variables
    return setup


# ---- somebody on the host who must not be reached ----

def listener(family, address):
    def setup(run):
        server = socket.socket(family)
        server.bind(address(run))
        server.listen()
        where = server.getsockname()
        run.keep["env"] = {"WHERE": str(where[1]) if family == socket.AF_INET else where[1:].decode()}
        run.cleanups.append(server.close)
    return setup


LOOPBACK = tries("socket.create_connection(('127.0.0.1', int(os.environ['WHERE'])))",
                 "socket.create_connection((s := socket.create_server(('127.0.0.1', 0))).getsockname())")
ABSTRACT = tries("socket.socket(socket.AF_UNIX).connect('\\0' + os.environ['WHERE'])")


def tcp_by_landlock(run):
    """Where Landlock knows of TCP (6.7), not even the cage's own loopback is left."""
    knows = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 7)
    wanted = ["EACCES"] * 2 if knows and "landlock" in run.get("enforcement.mechanisms") else ["ECONNREFUSED", "done"]
    expect(run.stdout.decode().split() == wanted, f"it saw {run.stdout!r}, not {wanted}")


STATUS = ("grep", "-E", "^(Cap|NoNewPrivs)", "/proc/self/status")
EMPTY = "0" * 16


def all_dropped(run):
    seen = dict(re.findall(r"^(\w+):\s*(\w+)$", run.stdout.decode(), re.MULTILINE))
    expect(seen == {**{"Cap" + name: EMPTY for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}, "NoNewPrivs": "1"},
           f"status: {seen}")


def refused_in_python(run):
    first = run.get("alloc_failures.first") or {}
    expect(b"MemoryError" in run.stderr, "no MemoryError")
    expect(first.get("request_bytes", 0) > 10**9 and first.get("command", "").startswith("python3"), f"first: {first}")
    expect("preload" in run.get("alloc_failures.witnesses"), "the library did not speak")
    expect(run.get("alloc_failures.coverage.covered") == 1, f"coverage: {run.get('alloc_failures.coverage')}")


def outside_user(wanted):
    """The file that the command wrote belongs to nobody, or to whom it was told."""
    def check(run):
        facts = os.stat(run.keep["open"] + "/file")
        expect((facts.st_uid, facts.st_gid) == wanted, f"it belongs to {facts.st_uid}:{facts.st_gid}")
    return check


def open_directory(run):
    # not in the case's own directory: a guest's may lie on a file system without owners
    run.keep["open"] = tempfile.mkdtemp(prefix="memcage-open-", dir="/run")
    os.chmod(run.keep["open"], 0o777)
    run.keep["env"] = {"OPEN": run.keep["open"]}
    run.cleanups.append(lambda: shutil.rmtree(run.keep["open"]))


TERMINAL = []  # master and slave, of the case that runs


def open_terminal(run):
    TERMINAL[:] = os.openpty()
    run.cleanups.append(lambda: [os.close(end) for end in TERMINAL])


def take_terminal():
    os.setsid()
    fcntl.ioctl(TERMINAL[1], termios.TIOCSCTTY, 0)


def press_key(run):
    """Ctrl-C, when the command says that it is there."""
    run.wait_for(lambda: os.path.getsize(run.path(".stdout")) > 0, "the command to be ready")
    os.write(TERMINAL[0], b"\x03")


def write_stdin_file(run):
    with open(run.path("input"), "w", encoding="ascii") as file:
        file.write("from a file\n")


CASES = [
    # what it sees
    shell("identity", "id -u; id -g; id -G; hostname; echo $$; cat /proc/1/comm 2>/dev/null || echo hidden; pwd | "
          "grep -c /memcage-tests", ("1000", "1000", "1000", "cage", "2", "hidden", "1")),
    case("namespaces", ("sh", "-c", "for n in " + " ".join(SPACES) + '; do echo $n=$(readlink /proc/self/ns/$n); done'),
         check=other_namespaces),
    case("named", ("true",), check=named("user-namespace", "pid-namespace", "network-namespace", "private-root",
                                         "capabilities", "no-new-privileges", "new-session", "keyring")),
    case("capabilities", STATUS, check=all_dropped),
    shell("own_cgroup", "cut -d: -f3 /proc/self/cgroup | sort -u", ("/",)),
    case("root", ("sh", "-c", "ls /; ls /home /root /sys 2>/dev/null; true"), check=only_what_was_mounted),
    shell("processes", "set -- /proc/[0-9]*; echo $*", ("/proc/2",)),
    shell("descriptors", 'set -- /proc/self/fd/*; echo $#', ("4",)),
    shell("outputs_by_name", "echo one >/dev/stdout; echo two >/dev/stderr; (cat </dev/stdout) 2>/dev/null || echo closed",
          ("one", "two", "closed"), merge=True),
    shell("terminal", "(: </dev/tty) 2>/dev/null || echo none; ps -o tty= -p $$ | tr -d ' '; echo $(ps -o sid= -p $$)",
          ("none", "?", "2")),
    shell("stdin_file", "cat", ("from a file",), options=(*M, "--stdin", "{dir}/input"), setup=write_stdin_file,
          files=("input",)),
    case("stdin", ("cat",), stdin=b"hello", check=lambda run: expect(run.stdout == b"hello", f"{run.stdout!r}")),
    shell("chdir", "pwd", ("/usr/bin",), options=(*M, "--chdir", "/usr/bin")),
    case("chdir_not_there", ("true",), "not_started/setup", 125, (*M, "--chdir", "/sys")),
    case("directory_of_another", ("true",), "not_started/setup", 125,
         setup=lambda run: os.chmod(run.directory, 0o700), check=lambda run: expect(
             any("as the policy's user" in text for text in run.get("because")), f"{run.get('because')}")),
    case("not_found", ("/usr/bin/there-is-no-such-program",), "not_started/exec", 127),
    case("no_descriptors", ("exit_with", "3"), "failed/exit", 3, caller=close_descriptors(0, 1, 2)),
    case("umask", ("sh", "-c", "exit 3"), "failed/exit", 3, caller=lambda: os.umask(0o777)),
    case("open_descriptors", ("list_fds",), pass_fds=7,
         check=lambda run: expect(run.stdout == b"0 1 2\n", f"descriptors {run.stdout!r}")),

    # what it cannot write
    shell("read_only", "for p in /x /usr/x /etc/x /dev/x ./x /proc/sys/kernel/hostname /proc/sysrq-trigger; do "
          "(echo 1 >$p) 2>/dev/null && echo wrote $p; done; echo 1 >/tmp/x && cat /tmp/x; echo 2 >/dev/shm/x && "
          "cat /dev/shm/x; cat /proc/kcore /proc/keys /proc/kmsg 2>/dev/null | wc -c", ("1", "2", "0")),
    shell("no_exec_in_tmp", "cp /bin/true /tmp/t; /tmp/t 2>/dev/null || echo no", ("no",)),
    case("owner_outside", ("sh", "-c", 'touch "$OPEN/file"'), setup=open_directory,
         check=outside_user((65534, 65534))),
    case("owner_named", ("sh", "-c", 'touch "$OPEN/file"; id -u'), setup=open_directory,
         options=(*M, "--user", "4242:4343"), check=outside_user((4242, 4343))),
    shell("core_limit", "ulimit -c; ulimit -n; ulimit -H -n", ("0", "256", "256")),

    # whom it cannot reach
    shell("signals_to_init", "kill -9 1; kill -TERM 1; sleep 0.1; echo alive", ("alive",)),
    python("init_is_closed", tries("os.readlink('/proc/1/root')", "open('/proc/1/mem')", "os.listdir('/proc/1/fd')",
                                   "call(101, 16, 1, 0, 0)", "call(438, os.pidfd_open(1), 0, 0)"),
           "ENOENT ENOENT ENOENT EPERM EPERM"),
    python("namespaces_are_locked", tries("call(272, 0x10000000)", "call(272, 0x00020000)", "call(272, 0x40000000)",
                                          "call(165, 0, b'/tmp', b'tmpfs', 0, 0)", "call(155, b'/', b'/tmp')",
                                          "call(166, b'/proc/sys', 2)", "call(161, b'/tmp')",
                                          "call(169, 0xfee1dead, 672274793, 0, 0)"),
           "(ENOSPC|EPERM) EPERM EPERM EPERM EPERM EPERM EPERM EPERM"),
    python("above_the_root", "import os\nfor i in range(64): os.chdir('..')\n"
           "print(os.path.exists('/root'), os.path.samefile('.', '/'), os.listdir('/proc/self/root') == os.listdir('/'))",
           "False True True"),
    python("host_is_not_reached", LOOPBACK, "ECONNREFUSED done",
           setup=listener(socket.AF_INET, lambda run: ("127.0.0.1", 0)), landlock=False),
    case("landlock_refuses_tcp", ("/usr/bin/python3", "-I", "-c", LOOPBACK), needs=("python",), check=tcp_by_landlock,
         setup=environment(WHERE="1")),
    python("abstract_socket", ABSTRACT, "ECONNREFUSED",
           setup=listener(socket.AF_UNIX, lambda run: f"\0memcage-{os.getpid()}-{time.monotonic_ns()}")),
    python("only_loopback", "import socket; print(*[name for _, name in socket.if_nameindex()])", "lo"),
    python("terminal_injection", tries("__import__('fcntl').ioctl(0, 0x5412, b'x')"), "ENOTTY"),
    python("keyring", "import ctypes; l = ctypes.CDLL(None); i = l.syscall(250, 0, -3, 0); "
           "b = ctypes.create_string_buffer(200); n = l.syscall(250, 6, i, b, 200); "
           "print(b.value.decode().split(';')[-1])", "_ses"),

    # memory and its verdicts, as without walls
    case("own_limit", ("touch_pages", "96M"), "oom_kill/own_limit", 137, victim="main"),
    case("tmp_is_charged", ("sh", "-c", "head -c 60M /dev/zero >/tmp/fill; sleep 60"), "oom_kill/own_limit", (137, 0),
         ("-m", "32M", "-q", "-t", "20s")),
    case("refused", ("/usr/bin/python3", "-I", "-c", "x = bytearray(4 << 30)"), "alloc_failure/refused", 1,
         (*M, "--at-limit", "fail"), needs=("python",), check=refused_in_python),
    case("refused_static", ("malloc_until_null_static", "1M", "256M"), "alloc_failure/refused", 1,
         (*M, "--at-limit", "fail", "--witness", "trace"),
         confidence=("high", "medium")),
    case("wall_time", ("sh", "-c", "setsid sleep 60 & sleep 60"), "timeout/wall", 124, (*M, "-t", "300ms"), alone=True),
    case("grace", ("sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"), "timeout/wall", (124,),
         (*M, "-t", "3s", "--grace", "9s"), alone=True,
         check=lambda run: expect(run.get("exit.code") == 7, f"exit {run.get('exit')}")),
    case("wait_tree", ("sh", "-c", "(sleep 0.4; echo late) &"), options=(*M, "--wait-tree"),
         check=lambda run: expect(run.stdout == b"late\n", f"{run.stdout!r}")),
    case("descendants_end", ("setsid_survivors", "10"), check=lambda run: expect(
        run.get("processes.killed_at_end") >= 10, f"killed: {run.get('processes')}")),
    case("interrupt", ("sh", "-c", "echo ready; sleep 60"), "killed/interrupted", 143,
         during=lambda run: (run.wait_for(lambda: os.path.getsize(run.path(".stdout")) > 0, "ready"),
                             run.process.send_signal(signal.SIGTERM)), alone=True),

    # its session has no terminal: memcage passes on what the key means (the small guest has no pty)
    case("interrupt_by_key", ("sh", "-c", "trap 'echo heard; exit 5' INT; echo ready; while :; do sleep 0.05; done"),
         "killed/interrupted", 130, caller=take_terminal, setup=open_terminal, during=press_key, alone=True,
         worlds=("v1",),
         check=lambda run: expect(run.stdout == b"ready\nheard\n", f"{run.stdout!r}")),

    # what this host does not give
    case("degraded_dependent", ("true",), "ok/clean", 0, (*M, "--allow-degraded"), namespaces=WITHOUT_USER,
         check=left_out("no-nested-namespaces")),
    case("fails_closed", ("sh", "-c", "echo ran"), None, 125, namespaces=WITHOUT_USER, check=lambda run: expect(
        b"no-nested-namespaces cannot be had here" in run.stderr and not run.stdout, f"said {run.stderr!r} {run.stdout!r}")),
    shell("no_user_namespace", "id -u; grep -c 'Cap.*0000000000000000' /proc/self/status; (touch /x) 2>/dev/null || "
          "echo closed", ("1000", "5", "closed"), namespaces=WITHOUT_USER, nested=False),
]
