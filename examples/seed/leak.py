# A cache that nobody ever empties grows until nothing is left.
# At 256 MiB: oom_kill/own_limit with --at-limit kill, and the report's timeline rises steadily;
# alloc_failure/refused with --at-limit fail.
import itertools
import time

cache = {}


def answer(request):
    cache[request] = "x" * 2_000_000
    time.sleep(0.005)  # what a request takes


for request in itertools.count():
    answer(request)
