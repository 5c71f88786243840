#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""check.py WORLD=FILE...: judges what `memcage selftest --json` found in several worlds. Ends with
`N passed, N failed, N skipped`."""

import json
import sys

# What not every machine that tests has (modules, kexec, ports, x32, devices, a new kernel): there an attack fails without
# a cage, too, and proves nothing.
NOWHERE = {"abi_x32", "call_ioperm", "call_iopl", "call_kexec_file_load", "call_kexec_load", "call_newer",
           "socket_alg", "terminal_tioccons"}
# Held by Landlock alone, which the small guest has not; SECURITY.md says so.
BY_LANDLOCK = {"stdin_reopened"}
ROWS = range(1, 26)
ATTACKS = 80


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        return str(error)


def main():
    passed, failed, held, seen = 0, 0, {}, {}
    for argument in sys.argv[1:]:
        world, _, path = argument.partition("=")
        results = load(path)
        if isinstance(results, str):
            print(f"not ok attacks/{world}: {results}")
            failed += 1
            continue
        bad = [one for one in results if one["outcome"] in ("not_held", "unclear")]
        known = [one for one in bad if world.startswith("guest-") and one["outcome"] == "not_held"
                 and one["name"] in BY_LANDLOCK]
        bad = [one for one in bad if one not in known]
        for one in known:
            print(f"ok attacks/{world}/{one['name']}: not held without Landlock, as is documented")
        for one in bad:
            print(f"not ok attacks/{world}/{one['name']}: {one['outcome']}: {one['how']}")
        held[world] = [one for one in results if one["outcome"] == "held" and one["without_cage"] != "not tried"]
        seen.update({one["name"]: one for one in results})
        failed += len(bad)
        passed += not bad
        print(f"{'not ok' if bad else 'ok'} attacks/{world}: {len(held[world])} of {len(results)} held")
    proven = {one["name"]: one["row"] for results in held.values() for one in results}
    checks = [("every-attack-works-without-a-cage-somewhere", sorted(set(seen) - set(proven) - NOWHERE)),
              ("rows", sorted(set(ROWS) - set(proven.values()))),
              ("number", [] if len(proven) >= ATTACKS else [len(proven)])]
    for name, missing in checks:
        print(f"not ok attacks/{name}: {missing}" if missing else f"ok attacks/{name}")
        failed += bool(missing)
        passed += not missing
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
