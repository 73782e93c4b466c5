"""Prints the polynomial coefficients of fermiac-math as Rust constants.

Needs mpmath. `python3 coefficients.py` takes about a minute; the constants in math/src were pasted from it.
"""

from mpmath import atanh, erfc, erfinv, exp, log, mpf, ncdf, npdf, nstr, pi, sqrt

from remez import minimax


def normal_quantile_of_tail(q):
    """z with P(Z > z) = q, for q < 0.1, by Newton on the logarithm of the tail."""
    z = sqrt(-2 * log(q))
    z -= (log(z) + log(2 * pi) / 2) / z
    for _ in range(60):
        tail = erfc(z / sqrt(2)) / 2
        step = (log(tail) - log(q)) * tail / npdf(z)
        z += step
        if abs(step) < mpf(10) ** -60:
            break
    return z


def central(w):
    """Quantile over 2u - 1, where w = -ln(4u(1 - u))."""
    if w < mpf(10) ** -30:
        return sqrt(pi / 2)
    x = sqrt(1 - exp(-w))
    return sqrt(2) * erfinv(x) / x


def tail(r):
    """Quantile over r, where r = sqrt(-ln q)."""
    return normal_quantile_of_tail(exp(-r * r)) / r


def exponential(r):
    """(e^r - 1 - r) / r^2."""
    if abs(r) < mpf(10) ** -20:
        return mpf(1) / 2 + r / 6
    return (exp(r) - 1 - r) / r**2


def logarithm(z):
    """(2 atanh(s) / s - 2) / z, where z = s^2."""
    if z < mpf(10) ** -15:
        return mpf(2) / 3 + z * 2 / 5
    s = sqrt(z)
    return (2 * atanh(s) / s - 2) / z


def logarithm_rest(z):
    """What follows 2/3 + 2/5 z + 2/7 z^2 in `logarithm`, over z^3."""
    if z < mpf(10) ** -9:
        return mpf(2) / 9 + z * 2 / 11 + z * z * 2 / 13
    return ((logarithm(z) - mpf(2) / 3) / z - mpf(2) / 5) / z**2 - mpf(2) / 7 / z


def mobius(middle, r):
    return (r - middle) / (r + middle)


def inverse_mobius(middle, t):
    return middle * (1 + t) / (1 - t)


def scaled_tail(t):
    """Phi(-a) e^(a^2/2) (1 + 13/16 a), where t = (a - 5) / (a + 5)."""
    a = inverse_mobius(mpf(5), t)
    return ncdf(-a) * exp(a * a / 2) * (1 + a * 13 / 16)


def show(name, coefficients, worst):
    print(f"// Greatest relative error 2^{nstr(log(worst, 2), 5)}.")
    print(f"const {name}: [f64; {len(coefficients)}] = [")
    for c in coefficients:
        print(f"    {float(c)!r},")
    print("];\n")


def show_pair(name, value):
    high = float(value)
    print(f"const {name}: (f64, f64) = ({high!r}, {float(value - mpf(high))!r});")


def main():
    one = lambda f: lambda t: 1 / f(t)
    half_ln2 = mpf("0.34662")
    show("EXPONENTIAL", *minimax(exponential, lambda r: (r * r + mpf("0.001")) / exp(r), -half_ln2, half_ln2, 9))
    show("LOGARITHM", *minimax(logarithm, lambda z: (z + mpf("0.0005")) / 2, 0, mpf("0.02945"), 6))
    show("LOGARITHM_REST", *minimax(logarithm_rest, one(logarithm_rest), 0, mpf("0.02945"), 5))
    show("QUANTILE_CENTRAL", *minimax(central, one(central), 0, mpf("5.25"), 22))
    for name, a, low, high, degree in [("NEAR", "4", "2.5", "6.1", 19), ("FAR", "12.75", "6.0", "27.4", 24)]:
        a = mpf(a)
        curve = lambda t: tail(inverse_mobius(a, t))
        fit = minimax(curve, one(curve), mobius(a, mpf(low)), mobius(a, mpf(high)), degree)
        show(f"QUANTILE_{name}_TAIL", *fit)
    show("SCALED_TAIL", *minimax(scaled_tail, one(scaled_tail), -1, mobius(5, mpf("38.7")), 24))
    for name, value in {
        "LN2": log(mpf(2)), "LOG2_E": 1 / log(mpf(2)), "LOG10_E": 1 / log(mpf(10)), "SQRT_HALF": sqrt(mpf("0.5")),
        "TWO_THIRDS": mpf(2) / 3, "TWO_FIFTHS": mpf(2) / 5, "TWO_SEVENTHS": mpf(2) / 7,
        "ONE_OVER_SQRT_2PI": 1 / sqrt(2 * pi), "CENTRAL_CUT": exp(mpf("-5.25")), "LN_SQRT_2PI": log(2 * pi) / 2,
    }.items():
        show_pair(name, value)
    # ln 2 in a part of 42 bits, whose product with an exponent is exact, and the rest.
    trimmed = mpf(int(log(mpf(2)) * 2**42)) / 2**42
    print(f"const LN2_HIGH: f64 = {float(trimmed)!r}; const LN2_LOW: f64 = {float(log(mpf(2)) - trimmed)!r};")


if __name__ == "__main__":
    main()
