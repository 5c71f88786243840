# Tries to load a file whole, and goes through it line by line where that is too much.
# A file larger than 256 MiB, at 256 MiB with --at-limit fail: ok/recovered_alloc_failure.
import sys


def load(path):
    with open(path) as file:
        return file.read().count("\n")


def stream(path):
    with open(path) as file:
        return sum(1 for line in file)


try:
    print(load(sys.argv[1]), "lines, loaded")
except MemoryError:
    print(stream(sys.argv[1]), "lines, streamed")
