# Reads a file of any size line by line, and holds one line at a time.
# At 256 MiB: ok, however large the file is.
import sys

with open(sys.argv[1]) as file:
    lines = sum(1 for line in file)
print(lines, "lines")
