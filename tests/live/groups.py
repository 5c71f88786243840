# SPDX-License-Identifier: MIT
"""Control groups around a case: each case runs in a group of its own, so that whatever memcage
leaves behind is found in there and nowhere else, even when cases run side by side."""

import os
import re
import signal
import time


def mounts():
    """{controller or 'unified': mount point} of the cgroup hierarchies that can be seen."""
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        for line in table:
            head, _, tail = line.partition(" - ")
            kind, _, options = tail.split(" ", 2)
            point = head.split()[4]
            if kind == "cgroup2":
                found.setdefault("unified", point)
            elif kind == "cgroup":
                for option in options.strip().split(","):
                    found.setdefault(option, point)
    return found


def own_path(controller):
    """The path of this process's group in the hierarchy of a controller ('' is the v2 one)."""
    with open("/proc/self/cgroup", encoding="utf-8") as table:
        for line in table:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if controller in controllers.split(",") or (not controller and not controllers):
                return path
    return "/"


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def tree(directory):
    """Every group below and with directory, the innermost first."""
    return [path for path, _, _ in os.walk(directory, topdown=False)]


def processes(directory):
    found = []
    for path in tree(directory):
        try:
            found += [int(pid) for pid in read(os.path.join(path, "cgroup.procs")).split()]
        except OSError:
            pass  # gone between the listing and the reading
    return found


def remove(directory):
    """Kills what is in there (it was started by a case) and removes the groups."""
    deadline = time.monotonic() + 5
    while os.path.isdir(directory):
        for pid in processes(directory):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            for path in tree(directory):
                os.rmdir(path)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


class World:
    """v1: groups below our own in every hierarchy that can be written. v2: below the root."""

    def __init__(self, version):
        self.version = version
        self.root = f"tests-of-memcage-{os.getpid()}"  # not a name that `doctor --clean` looks for
        found = mounts()
        if version == "v2":
            self.parents = {"unified": found["unified"]}
            write(found["unified"] + "/cgroup.subtree_control", "+memory")
            if "pids" in read(found["unified"] + "/cgroup.controllers").split():
                write(found["unified"] + "/cgroup.subtree_control", "+pids")
        else:
            wanted = {name: own_path("" if name == "unified" else name)
                      for name in ("memory", "pids", "freezer", "unified") if name in found}
            self.parents = {name: found[name] + path for name, path in wanted.items()
                            if os.access(found[name] + path, os.W_OK)}
        self.main = "unified" if version == "v2" else "memory"
        for parent in self.parents.values():
            os.mkdir(os.path.join(parent, self.root))
        if version == "v2":
            self.hand_down(os.path.join(self.parents["unified"], self.root))

    @staticmethod
    def hand_down(directory):
        for controller in ("memory", "pids"):
            if controller in read(directory + "/cgroup.controllers").split():
                write(directory + "/cgroup.subtree_control", "+" + controller)

    @staticmethod
    def why_not(version):
        """Why this world cannot be had here, or None."""
        found = mounts()
        if version == "v1":
            if "memory" not in found:
                return "the memory controller is not on cgroup v1 here"
            directory = found["memory"] + own_path("memory")
        else:
            if "unified" not in found:
                return "no cgroup v2 is mounted"
            directory = found["unified"]
            if "memory" not in read(directory + "/cgroup.controllers").split():
                return "cgroup v2 has no memory controller here"
        try:
            probe = os.path.join(directory, f"tests-of-memcage-probe-{os.getpid()}")
            os.mkdir(probe)
            os.rmdir(probe)
        except OSError as error:
            return f"no group can be made in {directory}: {error.strerror}"
        return None

    def group(self, name, limit=None, high=None):
        return CaseGroup(self, name.replace("/", "."), limit, high)

    def close(self):
        for parent in self.parents.values():
            remove(os.path.join(parent, self.root))


class CaseGroup:
    """The group of one case in each hierarchy; limit is its own memory limit, in bytes."""

    def __init__(self, world, name, limit, high):
        self.version = world.version
        self.name = name
        self.made = set()
        self.directories = {key: os.path.join(parent, world.root, name)
                            for key, parent in world.parents.items()}
        for directory in self.directories.values():
            os.mkdir(directory)
        self.main = self.directories[world.main]
        if limit is not None:
            write(self.main + ("/memory.max" if self.version == "v2" else "/memory.limit_in_bytes"), str(limit))
            if self.version == "v2":
                try:
                    write(self.main + "/memory.swap.max", "0")
                except FileNotFoundError:
                    pass  # a kernel without swap accounting
        if high is not None:
            write(self.main + "/memory.high", str(high))

    def enter(self, place=None):
        """In the child, before it becomes memcage: into our groups, or one below from make()."""
        for key, directory in self.directories.items():
            directory = place if place and directory == self.main else directory
            write(directory + "/cgroup.procs", "0")

    def make(self, name):
        """A group below ours that belongs to the case, not to memcage; its path. On v2 ours then
        hands its controllers down and can hold no processes itself."""
        directory = os.path.join(self.main, name)
        os.mkdir(directory)
        self.made.add(directory)
        if self.version == "v2":
            World.hand_down(self.main)
        return directory

    def left_groups(self):
        """Groups below ours; memcage's place for itself (v2) is allowed to stay, empty."""
        return [path for directory in self.directories.values() for path in tree(directory)
                if path != directory and path not in self.made and os.path.basename(path) != "supervisor"]

    def left_processes(self):
        return sorted({pid for directory in self.directories.values() for pid in processes(directory)})

    def close(self):
        for directory in self.directories.values():
            remove(directory)


class KernelLog:
    """What the kernel says of OOM kills while a case runs."""

    # The kernel prints at most ten full OOM records in five seconds; a case that needs the record
    # of its own kill waits until fewer than this many were made in the last five.
    RECORDS_FREE, WINDOW = 5, 5.5

    def __init__(self):
        self.kills = []  # (time, number of kills seen so far)
        try:
            self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self.fd, 0, os.SEEK_END)
        except OSError:
            self.fd = -1

    def readable(self):
        return self.fd >= 0

    def take(self):
        """[(oom_memcg, task_memcg)] since the last call."""
        found = []
        while self.fd >= 0:
            try:
                record = os.read(self.fd, 8192).decode("utf-8", "replace")
            except BlockingIOError:
                break
            except BrokenPipeError:
                continue  # overwritten before we came; the rest is still there
            match = re.search(r"oom_memcg=([^,]*),task_memcg=([^,]*),", record)
            if match:
                found.append(match.groups())
        return found

    def _count(self):
        match = re.search(r"^oom_kill (\d+)$", read("/proc/vmstat"), re.MULTILINE)
        return int(match.group(1)) if match else 0

    def sample(self):
        self.kills.append((time.monotonic(), self._count()))

    def wait_for_room(self):
        while self.kills:
            now = time.monotonic()
            before = [count for at, count in self.kills if at < now - self.WINDOW]
            base = before[-1] if before else self.kills[0][1]
            if self._count() - base < self.RECORDS_FREE:
                return
            time.sleep(0.1)
            self.sample()  # others kill too: what they did becomes old as well
