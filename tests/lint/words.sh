#!/bin/bash
# SPDX-License-Identifier: MIT
#
# words.sh - calls that this project does without, unfinished business, and paths of one person's
# machine. Prints every place and exits 1 where there is one.
set -u
cd "$(dirname "$0")/../.." || exit 2

sources=(include runner tests examples policies .ci CMakeLists.txt README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md)
present=()
for source in "${sources[@]}"; do
	[ -e "$source" ] && present+=("$source")
done

status=0
# search WHY PATTERN GREP-OPTIONS... - this script itself has the words in it
search() {
	local why=$1 pattern=$2
	shift 2
	grep -rnIP --exclude=words.sh --exclude-dir={__pycache__,corpus,fixtures} "$@" -- "$pattern" "${present[@]}" && { echo "^ $why"; status=1; }
}

search "errors go unseen: use base/text.h, snprintf, text_copy" \
	'\b(strto(l|ul|ll|ull|d|f)|ato(i|l|ll|f)|v?sprintf|strcpy|strcat|gets)[[:space:]]*\(' --include='*.[ch]'
search "the library neither ends the process nor writes to the terminal" \
	'\b(exit|abort|_Exit|printf|perror)[[:space:]]*\(' --include='*.[ch]' \
	--exclude-dir=tests --exclude-dir=examples --exclude-dir=commands --exclude=main.c
search "unfinished" '\b(TODO|FIXME|XXX|HACK)\b'
search "a path of one person's machine" '(^|[^\w./])/(home/(?!me\b|user\b)|root/|work/|Users/)\w'
search "a space at the end of the line" '[[:blank:]]+$' --include='*.[ch]' --include='*.sh' --include='*.py' --include='*.md' --include='CMakeLists.txt'
exit "$status"
