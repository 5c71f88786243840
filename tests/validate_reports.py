#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Check reports against include/memcage/report.schema.json.

    tests/validate_reports.py [--schema FILE] FILE|DIRECTORY...

Directories are searched for *.json (one report each) and *.jsonl (one report a line). Every error
is printed with its place. Exit status: 0 all are valid, 1 any error or nothing to check, 2 usage.
"""
import argparse
import json
import pathlib
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit("jsonschema is missing: apt install python3-jsonschema, and run by /usr/bin/python3")

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "include/memcage/report.schema.json"


def strict_object(pairs):
    """An object whose names are all different."""
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"member named twice: {next(n for n in names if names.count(n) > 1)!r}")
    return result


def refuse_constant(word):
    raise ValueError(f"{word} is no JSON")


def parse(text):
    return json.loads(text, object_pairs_hook=strict_object, parse_constant=refuse_constant)


def reports_of(path):
    """(name, text) of each report in a file."""
    text = path.read_bytes().decode("utf-8", "strict")
    if path.suffix != ".jsonl":
        return [(str(path), text)]
    return [(f"{path}:{number}", line) for number, line in enumerate(text.split("\n"), 1) if line]


def files_of(arguments):
    for argument in map(pathlib.Path, arguments):
        if argument.is_dir():
            yield from sorted(p for p in argument.rglob("*") if p.suffix in (".json", ".jsonl"))
        else:
            yield argument


def errors_of(validator, text):
    try:
        report = parse(text)
    except (ValueError, RecursionError) as error:
        return [f"not JSON: {error}"]
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(report)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--schema", type=pathlib.Path, default=SCHEMA)
    parser.add_argument("paths", nargs="+", metavar="FILE|DIRECTORY")
    arguments = parser.parse_args()
    schema = parse(arguments.schema.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    checked = failed = 0
    for path in files_of(arguments.paths):
        try:
            reports = reports_of(path)
        except (OSError, UnicodeDecodeError) as error:
            reports = []
            failed += 1
            print(f"{path}: cannot be read: {error}")
        for name, text in reports:
            errors = errors_of(validator, text)
            checked += 1
            failed += bool(errors)
            for error in errors:
                print(f"{name}: {error}")
    print(f"{checked} reports checked, {failed} with errors")
    if checked == 0:
        print("no report was found: nothing has been checked")
    return 1 if failed or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
