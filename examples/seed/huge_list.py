# A list of a billion zeros needs 7.5 GiB. Nobody catches the MemoryError.
# At 256 MiB: alloc_failure/refused with --at-limit fail, oom_kill/own_limit with --at-limit kill.
huge_list = [0] * (10**9)
print("The list has", len(huge_list), "items.")
