#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""check_schemas.py FILE...: every file is a valid JSON Schema, draft 2020-12."""

import json
import sys

from jsonschema import Draft202012Validator

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        Draft202012Validator.check_schema(json.load(file))
if len(sys.argv) == 1:
    sys.exit("no schema to check")
