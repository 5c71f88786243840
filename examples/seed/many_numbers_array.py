# Forty million small numbers in a numpy array of bytes: 1 byte each.
# At 256 MiB with --at-limit kill: ok. The list of many_numbers_list.py is killed.
import numpy

numbers = numpy.full(40 * 10**6, 7, dtype=numpy.int8)
print(len(numbers), "numbers in an array")
