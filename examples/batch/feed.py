#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Feeds a running `memcage batch` from a program: finds by halves the memory that a command needs.

    examples/batch/feed.py build/memcage python3 -c 'bytearray(10**8)'

Each question is a job, each answer a report; the batch stays, and with it what its runs share.
"""

import json
import subprocess
import sys

MIB = 1 << 20


class Batch:
    def __init__(self, memcage):
        self.process = subprocess.Popen([memcage, "batch", "--jobs", "1", "-q", "-"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.asked = 0

    def ask(self, argv, **members):
        """Runs one command and waits for its report."""
        self.asked += 1
        self.process.stdin.write(json.dumps({"id": str(self.asked), "argv": argv, **members}) + "\n")
        self.process.stdin.flush()
        record = json.loads(self.process.stdout.readline())
        if "error" in record:
            sys.exit(record["error"]["message"])
        return record

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    batch, argv = Batch(sys.argv[1]), sys.argv[2:]
    low, high = MIB, 1024 * MIB
    while high - low > MIB:
        middle = (low + high) // 2
        record = batch.ask(argv, memory=middle)
        print(f"{middle / MIB:7.1f} MiB: {record['verdict']}")
        if record["verdict"] == "ok":
            high = middle
        else:
            low = middle
    batch.end()
    print(f"{high / MIB:.0f} MiB are enough")


if __name__ == "__main__":
    main()
