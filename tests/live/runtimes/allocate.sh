# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# MODE [N]: a variable at the limit. A shell cannot catch a refusal.
mib=$(printf '%1048576s' '')
kept=()
grow() {
	while [ ${#kept[@]} -lt "$1" ]; do
		kept+=("$mib")
	done
}
case $1 in
grow) grow 100000 ;;
near) grow "$2" ;;
*) exit 125 ;;
esac
