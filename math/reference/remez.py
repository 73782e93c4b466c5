"""Weighted minimax polynomials in high precision, by Remez exchange."""

from mpmath import mp, mpf, matrix, lu_solve, cos, pi

mp.prec = 240


def minimax(target, weight, low, high, degree, iterations=12):
    """Coefficients, lowest first, of the polynomial p of `degree` that minimises
    max |weight(t) * (p(t) - target(t))| on [low, high], and that maximum."""
    low, high = mpf(low), mpf(high)
    middle, half = (low + high) / 2, (high - low) / 2
    count = degree + 2
    nodes = [middle - half * cos(pi * i / (count - 1)) for i in range(count)]
    grid = [middle - half * cos(pi * i / (16 * count)) for i in range(16 * count + 1)]
    values = [target(t) for t in grid]
    weights = [weight(t) for t in grid]
    for _ in range(iterations):
        rows = matrix(count, count)
        right = matrix(count, 1)
        for i, t in enumerate(nodes):
            power = mpf(1)
            for j in range(degree + 1):
                rows[i, j] = power
                power *= (t - middle) / half
            rows[i, degree + 1] = (-1) ** i / weight(t)
            right[i] = target(t)
        solution = lu_solve(rows, right)
        scaled = [solution[j] for j in range(degree + 1)]
        errors = [
            w * (horner(scaled, (t - middle) / half) - v) for t, v, w in zip(grid, values, weights)
        ]
        nodes = extrema(grid, errors, count) or nodes
    worst = max(abs(e) for e in errors)
    return recentre(scaled, middle, half), worst


def horner(coefficients, t):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * t + c
    return total


def extrema(grid, errors, count):
    """One point of greatest error for each run of equal sign; None if there are too few."""
    points = []
    for t, e in zip(grid, errors):
        if points and (points[-1][1] > 0) == (e > 0):
            if abs(e) > abs(points[-1][1]):
                points[-1] = (t, e)
        else:
            points.append((t, e))
    while len(points) > count:
        points.pop(0 if abs(points[0][1]) < abs(points[-1][1]) else -1)
    return [t for t, _ in points] if len(points) == count else None


def recentre(scaled, middle, half):
    """From powers of (t - middle) / half to powers of t."""
    result = [mpf(0)]
    for c in reversed(scaled):
        # result = result * (t - middle) / half + c
        shifted = [mpf(0)] + [r / half for r in result]
        for i, r in enumerate(result):
            shifted[i] -= r * middle / half
        shifted[0] += c
        result = shifted
    return result[: len(scaled)]
