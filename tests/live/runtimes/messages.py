# SPDX-License-Identifier: MIT
"""Prints what every runtime prints at its end for want of memory, and ends for another reason."""
import signal
import sys

MESSAGES = """MemoryError
numpy.core._exceptions._ArrayMemoryError: Unable to allocate 954. MiB for an array with shape
terminate called after throwing an instance of 'std::bad_alloc'
  what():  std::bad_alloc
memory allocation of 8000000000 bytes failed
fatal error: runtime: out of memory
Exception in thread "main" java.lang.OutOfMemoryError: Java heap space
java.lang.OutOfMemoryError: Metaspace
# There is insufficient memory for the Java Runtime Environment to continue.
Could not reserve enough space for 262144KB object heap
FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
# Fatal process OOM in Failed to reserve virtual memory for CodeRange
-e:1:in `*': failed to allocate memory (NoMemoryError)
Out of memory!
PHP Fatal error:  Allowed memory size of 67108864 bytes exhausted (tried to allocate 1 bytes)
mmap() failed: [12] Cannot allocate memory
lua5.4: not enough memory
Error: cannot allocate vector of size 7.5 Gb
bash: xrealloc: cannot allocate 1048576 bytes
mawk: run time error: out of memory
sort: memory exhausted""".splitlines()

number, status = int(sys.argv[1]), int(sys.argv[2])
print("\n".join(MESSAGES if number < 0 else [MESSAGES[number]]), file=sys.stderr, flush=True)
if status < 0:
    signal.raise_signal(-status)
sys.exit(status)
