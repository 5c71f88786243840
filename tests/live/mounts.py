# SPDX-License-Identifier: MIT
"""Mount namespaces, by the C library: for hosts as containers show them, and a private /dev/shm."""

import ctypes
import os

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2


def libc(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def own_mounts():
    """What this process mounts from now on is seen by nobody else."""
    libc("unshare", CLONE_NEWNS)
    libc("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)


def own_shared_memory():
    """An empty /dev/shm for this process and its children: what stays there is theirs."""
    own_mounts()
    libc("mount", b"tmpfs", b"/dev/shm", b"tmpfs", 0, b"mode=1777")
