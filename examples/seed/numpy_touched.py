# The same array, then written to: now the kernel has to give every page of it.
# At 256 MiB with --at-limit kill: oom_kill/own_limit, in fill() and not in zeros().
import numpy

array = numpy.zeros(10**9, dtype=numpy.int8)
array.fill(1)
print(array.nbytes, "bytes used")
