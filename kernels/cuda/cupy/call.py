"""The European call of examples/european_call.json as one would write it with CuPy: prints paths a second, the mean and its
standard error. Percentiles are those that Fermiac gives, of each piece: CuPy has no other way for more than memory holds.

    call.py PATHS
"""

import sys
import time

import cupy as cp

SEED = 1
PIECE = 50_000_000
PERCENTILES = [1, 5, 10, 25, 50, 75, 90, 95, 99]


def payoffs(generator, paths):
    z = generator.standard_normal(paths, dtype=cp.float64)
    price = 100.0 * cp.exp((0.03 - 0.5 * 0.2**2) + 0.2 * z)
    return cp.exp(cp.float64(-0.03)) * cp.maximum(price - 100.0, 0.0)


def simulate(paths):
    generator = cp.random.Generator(cp.random.Philox4x3210(SEED))
    total, squares = 0.0, 0.0
    for first in range(0, paths, PIECE):
        payoff = payoffs(generator, min(PIECE, paths - first))
        total += float(payoff.sum())
        squares += float((payoff * payoff).sum())
        cp.percentile(payoff, PERCENTILES)
    mean = total / paths
    return mean, ((squares / paths - mean * mean) / paths) ** 0.5


def main():
    paths = int(sys.argv[1])
    simulate(max(paths // 10, 1))
    cp.cuda.Device().synchronize()
    started = time.perf_counter()
    mean, std_error = simulate(paths)
    cp.cuda.Device().synchronize()
    print(paths / (time.perf_counter() - started), mean, std_error)


main()
