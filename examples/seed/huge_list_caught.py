# The same list, and the program is ready for a MemoryError.
# At 256 MiB: ok/recovered_alloc_failure with --at-limit fail. With --at-limit kill the kernel kills
# it before there is any exception to catch: oom_kill/own_limit.
try:
    huge_list = [0] * (10**9)
except MemoryError:
    print("Failed to allocate memory for the huge list.")
