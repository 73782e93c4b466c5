// Twin of math/src/polynomial.rs: polynomials in a fixed order of operations, coefficients from the lowest power up.
#pragma once
#include "../exact.cuh"

// By Horner's rule: one chain.
template <int N> ON_DEVICE double horner(double x, const double (&coefficients)[N]) {
    double total = coefficients[N - 1];
    UNROLL
    for (int i = N - 2; i >= 0; i--) total = fused(total, x, coefficients[i]);
    return total;
}

// By two chains, of the even and of the odd powers.
template <int N> ON_DEVICE double even_odd(double x, const double (&coefficients)[N]) {
    double square = x * x;
    double last = coefficients[N - 1];
    double before = coefficients[N - 2];
    UNROLL
    for (int i = N - 2; i >= 2; i -= 2) {
        last = fused(last, square, coefficients[i - 1]);
        before = fused(before, square, coefficients[i - 2]);
    }
    if (N % 2 == 1) {
        // `last` holds the even powers and `before` the odd ones, one coefficient short of the lowest.
        last = fused(last, square, coefficients[0]);
        return fused(before, x, last);
    }
    return fused(last, x, before);
}
