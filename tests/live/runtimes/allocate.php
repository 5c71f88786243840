<?php
// SPDX-License-Identifier: MIT
// MODE [N]: strings at the limit. PHP cannot catch a refusal.
$mode = $argv[1];
$kept = [];
if ($mode === 'uncaught') {
	$kept[] = str_repeat('x', 8000000000);
} elseif ($mode === 'grow') {
	while (true)
		$kept[] = str_repeat('x', 1 << 20) . count($kept);
} elseif ($mode === 'near') {
	while (count($kept) < (int)$argv[2])
		$kept[] = str_repeat('x', 1 << 20) . count($kept);
} else {
	exit(125);
}
