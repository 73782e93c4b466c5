"""The European call of `examples/european_call.json` in NumPy, the user's alternative. One thread.

usage: numpy_call.py GENERATOR PATHS      (GENERATOR: Philox or SFC64)
Prints {"seconds", "mean", "std_error"}. In pieces that stay in the caches, which suits NumPy best.
"""

import json
import sys
import time

import numpy as np

PIECE = 1 << 15


def simulate(generator, paths):
    total = squares = 0.0
    for start in range(0, paths, PIECE):
        z = generator.standard_normal(min(PIECE, paths - start))
        payoff = np.exp(-0.03) * np.maximum(100 * np.exp(0.03 - 0.02 + 0.2 * z) - 100, 0)
        total += payoff.sum()
        squares += (payoff * payoff).sum()
    mean = total / paths
    return mean, np.sqrt((squares / paths - mean * mean) / paths)


def main(name, paths):
    generator = np.random.Generator(getattr(np.random, name)(1))
    simulate(generator, PIECE)
    start = time.perf_counter()
    mean, error = simulate(generator, paths)
    print(json.dumps({"seconds": time.perf_counter() - start, "mean": mean, "std_error": error}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
