# SPDX-License-Identifier: MIT
"""MODE [N]: a list, and many small objects, at the limit."""
import sys

mode = sys.argv[1]
if mode == "caught":
    try:
        huge = [0] * (10**9)
    except MemoryError:
        print("caught")
elif mode == "uncaught":
    huge = [0] * (10**9)
elif mode == "grow":
    kept = []
    while True:
        kept.append(bytearray(1 << 20))
elif mode == "objects":
    kept = {}
    while True:
        kept[len(kept)] = str(len(kept))
elif mode == "near":
    kept = [bytearray(1 << 20) for _ in range(int(sys.argv[2]))]
elif mode == "numpy":
    import numpy
    kept = numpy.ones(10**9, dtype=numpy.int8)
else:
    sys.exit(125)
