# What not to do: catch MemoryError and carry on as if nothing had happened. In the end the program
# fails far from the cause, with a TypeError that says nothing of memory.
# At 256 MiB with --at-limit fail: alloc_failure/refused, and the report counts every refusal.
rows = None
for attempt in range(3):
    try:
        rows = [attempt] * (10**9)
        break
    except MemoryError:
        print("Out of memory, never mind.")
print(sum(rows))
