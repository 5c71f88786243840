# SPDX-License-Identifier: MIT
# -v mode=MODE [-v mib=N]: an array at the limit. awk cannot catch a refusal.
BEGIN {
	if (mode == "grow") mib = 100000
	one = "0123456789abcdef"
	while (length(one) < 1048576) one = one one
	for (i = 0; i < mib; i++) kept[i] = one i
}
