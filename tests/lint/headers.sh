#!/bin/bash
# SPDX-License-Identifier: MIT
#
# headers.sh - every header of the program can be included first and alone; the public one in C++17
# too.
set -u
cd "$(dirname "$0")/../.." || exit 2

status=0
read -ra flags < <(pkg-config --cflags jansson libcgroup libseccomp libcyaml yaml-0.1 cmocka 2>/dev/null)
flags+=(-fsyntax-only -D_GNU_SOURCE '-DMEMCAGE_VERSION="0"' '-DMEMCAGE_LIBDIR="/"' '-DMEMCAGE_DATADIR="/"' -Iinclude -Irunner -Wall -Wextra -Wpedantic -Werror)

# alone LANGUAGE STANDARD COMPILER HEADER
alone() {
	printf '#include "%s"\n#include "%s"\n' "$4" "$4" |
		"$3" -x "$1" "-std=$2" "${flags[@]}" -I"$(dirname "$4")" -I. - ||
		{ echo "$4: cannot be included alone as $2"; status=1; }
}

while read -r header; do
	alone c c17 gcc "$header"
done < <(find include runner -name "*.h" -not -name "*.bpf.h" | sort)
alone c++ c++17 g++ include/memcage/memcage.h
exit "$status"
