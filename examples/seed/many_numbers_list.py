# Forty million small numbers in a list: 8 bytes each, for a pointer alone.
# At 256 MiB with --at-limit kill: killed by the kernel. As a numpy array of bytes, which
# many_numbers_array.py makes, they take an eighth and fit.
numbers = [7] * (40 * 10**6)
print(len(numbers), "numbers in a list")
