# A billion bytes of zeros that nobody touches: the kernel promises them and gives no memory yet.
# At 256 MiB with --at-limit kill: ok.
import numpy

zeros = numpy.zeros(10**9, dtype=numpy.int8)
print(zeros.nbytes, "bytes promised")
