# Loads a file whole.
# A file larger than 256 MiB, at 256 MiB: oom_kill/own_limit with --at-limit kill,
# alloc_failure/refused with --at-limit fail.
import sys

with open(sys.argv[1]) as file:
    text = file.read()
print(text.count("\n"), "lines")
