#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""qemu_check.py RESULTS SCHEMA [REPORTS]: judges the lines that qemu_guest.sh wrote."""

import json
import os
import sys

from jsonschema import Draft202012Validator


def why_wrong(words, validator, reports):
    """What is wrong with one `case` line, or None."""
    name, wanted_status, wanted, status, text = words
    if text == "none":
        if wanted != "none":
            return f"no report, exit status {status}"
    else:
        try:
            report = json.loads(text)
        except ValueError as error:
            return f"the report is no JSON: {error}"
        if reports:
            with open(os.path.join(reports, f"qemu.{name}.json"), "w", encoding="utf-8") as file:
                file.write(text)
        for error in validator.iter_errors(report):
            return f"schema: {'/'.join(map(str, error.path))}: {error.message}"
        verdict = f"{report['verdict']}/{report['reason']}"
        if verdict != wanted:
            return f"verdict {verdict}, not {wanted}: {report.get('because')}"
        if name.startswith("bpf_"):
            return why_unseen(name, report) or (None if status == wanted_status else f"exit status {status}")
    return None if status == wanted_status else f"exit status {status}, not {wanted_status}"


def why_unseen(name, report):
    """What the witness in the kernel should have seen, and did not."""
    told, kills = report["alloc_failures"], report["oom_kills"]
    wanted = {"bpf_static": 1, "bpf_own_rlimit": 1, "bpf_vfork": 1, "bpf_threads": 8}.get(name, 0)
    if told["witnesses"] != ["bpf"] or told["count"] != wanted or told["coverage"]["lost"] != 0:
        return f"not {wanted} refusals: {told}"
    if (name == "bpf_victim") != ([kill["command"] for kill in kills] == ["grandchild_hog"]):
        return f"victims {kills}"
    return None


def main():
    results, schema = sys.argv[1:3]
    reports = sys.argv[3] if len(sys.argv) > 3 else None
    with open(schema, encoding="utf-8") as file:
        validator = Draft202012Validator(json.load(file))
    passed = failed = skipped = 0
    ended, wrong = False, None
    with open(results, encoding="utf-8", errors="replace") as file:
        for line in file:
            kind, _, rest = line.strip().partition(" ")
            name = "guest/" + rest.split(" ")[0]
            if kind == "case":
                wrong = why_wrong(rest.split(" ", 4), validator, reports)
            elif kind == "absent":
                skipped += 1
                print(f"skip {name}: {rest.partition(' ')[2]}")
                continue
            elif kind == "broken":
                wrong = rest.partition(" ")[2]
            elif kind == "left":
                name, wrong = "guest/nothing_left", None if rest.startswith("0 groups 0 ") else rest
            else:
                ended = ended or kind == "end"
                if kind == "said" and wrong:
                    print("    " + rest)
                continue
            passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
            print(f"not ok {name}: {wrong}" if wrong else f"ok {name}")
    if not ended:
        failed += 1
        print("not ok guest: it did not come to its end")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
