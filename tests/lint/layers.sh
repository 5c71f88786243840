#!/bin/bash
# SPDX-License-Identifier: MIT
#
# layers.sh - data passes through the stages of runner/ in one direction: a stage includes only
# headers of its own and of stages before it. Prints what breaks that and exits 1.
set -u
cd "$(dirname "$0")/../../runner" || exit 2

stages=(base spec cage watch witness judge report engine commands)
status=0
number_of() {
	local at
	for at in "${!stages[@]}"; do
		[ "${stages[at]}" = "$1" ] && echo "$at" && return
	done
	return 1
}

while IFS=: read -r file line text; do
	from=${file#./} from=${from%%/*}
	to=${text#*\"} to=${to%\"*}
	case $to in
	memcage/*) continue ;; # the public contract belongs to no stage
	*/*) to=${to%%/*} ;;
	*) echo "$file:$line: \"$to\" does not name its stage"; status=1; continue ;;
	esac
	[ "$from" = main.c ] && from=commands
	from_number=$(number_of "$from") || { echo "$file: $from is no stage"; status=1; continue; }
	to_number=$(number_of "$to") || { echo "$file:$line: $to is no stage"; status=1; continue; }
	if [ "$to_number" -gt "$from_number" ]; then
		echo "$file:$line: $from includes $to, which comes after it"
		status=1
	fi
done < <(grep -rn --include='*.[ch]' -E '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' .)
exit "$status"
