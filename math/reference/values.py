"""Writes a table of true function values: `python3 values.py FUNCTION COUNT > table.txt`.

Needs mpmath. Each line holds, as 64-bit patterns in hexadecimal, the argument (two for pow) and the true value as a sum
of two doubles. The tables in ../tests/reference were made with COUNT 400; the errors in the doc comments with 100000.
"""

import math
import random
import struct
import sys

from mpmath import erfinv, exp, log, mp, mpf, ncdf, npdf, sqrt

from coefficients import normal_quantile_of_tail

mp.prec = 160


def bits(value):
    return struct.pack(">d", value).hex()


def quantile(p):
    q = min(mpf(p), 1 - mpf(p))
    if q > mpf("0.01"):
        return sqrt(2) * erfinv(2 * mpf(p) - 1)
    z = normal_quantile_of_tail(q)
    return z if p > 0.5 else -z


def uniform_lattice(rng):
    return (rng.getrandbits(52) + 0.5) / 2.0**52


def probability(rng):
    """Mostly draws as the generator makes them; some deep in the tails."""
    kind = rng.random()
    if kind < 0.6:
        return uniform_lattice(rng)
    if kind < 0.7:
        return 0.5 + (rng.getrandbits(52) + 0.5) / 2.0 ** rng.randint(53, 60)
    if kind < 0.85:
        return math.exp(-rng.uniform(2, 708))
    if kind < 0.95:
        return math.exp(-rng.uniform(4, 40))
    return 1 - math.exp(-rng.uniform(3, 36))


FUNCTIONS = {
    "exp": (lambda x: exp(mpf(x)), lambda r: (r.choice([r.uniform(-1, 1), r.uniform(-40, 40), r.uniform(-708, 709)]),)),
    "ln": (lambda x: log(mpf(x)), lambda r: (r.choice([r.uniform(0.5, 2), math.exp(r.uniform(-740, 709))]),)),
    "ln_1p": (lambda x: log(1 + mpf(x)), lambda r: (r.choice([r.uniform(-0.99, 2), -1 + math.exp(r.uniform(-30, 60)), math.exp(r.uniform(-60, 0))]),)),
    "log10": (lambda x: log(mpf(x), 10), lambda r: (r.choice([r.uniform(0.5, 2), math.exp(r.uniform(-740, 709))]),)),
    "normal_cdf": (lambda x: ncdf(mpf(x)), lambda r: (r.choice([r.uniform(-1, 1), r.uniform(-6, 8), r.uniform(-37, 0)]),)),
    "normal_pdf": (lambda x: npdf(mpf(x)), lambda r: (r.choice([r.uniform(-6, 6), r.uniform(-37, 37)]),)),
    "normal_quantile": (quantile, lambda r: (probability(r),)),
    "normal_quantile_of_draws": (quantile, lambda r: (uniform_lattice(r),)),
    "pow": (lambda x, y: mpf(x) ** mpf(y), None),
}


def power_arguments(r):
    while True:
        x = r.choice([r.uniform(0.5, 2), math.exp(r.uniform(-20, 20)), math.exp(r.uniform(-300, 300))])
        y = r.choice([r.uniform(-3, 3), r.uniform(-700, 700), float(r.randint(-20, 20))])
        if abs(y * math.log(x)) < 700:
            return x, y


def main():
    name, count = sys.argv[1], int(sys.argv[2])
    function, arguments = FUNCTIONS[name]
    arguments = arguments or power_arguments
    rng = random.Random(name)
    for _ in range(count):
        given = arguments(rng)
        value = function(*given)
        high = float(value)
        low = float(value - mpf(high))
        print(*(bits(x) for x in (*given, high, low)))


if __name__ == "__main__":
    main()
