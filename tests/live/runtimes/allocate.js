// SPDX-License-Identifier: MIT
//
// allocate.js - MODE [N]: the V8 heap, and buffers outside of it.
'use strict';
const kept = [];
const mode = process.argv[2];

function grow(mib) {
	while (kept.length < mib)
		kept.push(Buffer.alloc(1 << 20, 1));
}

if (mode === 'caught') {
	try {
		kept.push(Buffer.alloc(2 ** 32 - 1));
	} catch (error) {
		console.log('caught', error.message);
	}
} else if (mode === 'uncaught') {
	kept.push(Buffer.alloc(2 ** 32 - 1));
} else if (mode === 'grow') {
	grow(100000);
} else if (mode === 'heap') {
	for (;;)
		kept.push(new Array(1000).fill(kept.length));
} else if (mode === 'near') {
	grow(Number(process.argv[3]));
} else if (mode !== 'hello') {
	process.exit(125);
}
