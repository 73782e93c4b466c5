// Twin of math/src/quantile_rows.rs: the standard normal quantile by table, for draws. The rows are made in Rust.
#pragma once
#include "quantile.cuh"

#define ROW_TERMS 8
#define ROWS 768
#define ROW_SHIFT 46
#define HALF_BITS 0x3fe0000000000000ull

CALLED_ON_DEVICE double quantile_beyond_rows(double u) { return normal_quantile(u); }

// z with P(Z < z) = u for a standard normal Z: the quantile itself where there is no row.
ON_DEVICE double quantile_by_rows(const double* rows, double u) {
    double rest = 1.0 - u;
    double probability = rest < u ? rest : u;
    u64 from_half = HALF_BITS - bits_of(probability);
    u64 row = from_half >> ROW_SHIFT;
    if (row >= ROWS) return quantile_beyond_rows(u);
    double place = from_bits((from_half << (52 - ROW_SHIFT) & MANTISSA_BITS) | ONE_BITS) - 1.0;
    const double* terms = rows + row * ROW_TERMS;
    Two lowest = two_at(terms), low = two_at(terms + 2), high = two_at(terms + 4), highest = two_at(terms + 6);
    double square = place * place;
    double odd = fused(fused(fused(highest.second, square, high.second), square, low.second), square, lowest.second);
    double even = fused(fused(fused(highest.first, square, high.first), square, low.first), square, lowest.first);
    return with_sign_of(fused(odd, place, even), u - 0.5);
}
