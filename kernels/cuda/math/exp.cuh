// Twin of math/src/exp.rs: reduce to |r| <= ln 2 / 2, a polynomial, and a power of two.
#pragma once
#include "double.cuh"
#include "polynomial.cuh"

#define LOG2_E 1.4426950408889634
#define LN2_HIGH 0.6931471805598903
#define LN2_LOW 5.497923018708371e-14
// 1.5 * 2^52.
#define ROUNDER 6755399441055744.0
#define EXPONENT_BIAS 2046ull

DEVICE_TABLE double EXPONENTIAL[10] = {
    0.500000000000001,     0.1666666666666642,     0.041666666666535464,  0.008333333333493233,
    0.0013888888942410478, 0.00019841269506507494, 2.480149423363974e-05, 2.7557588180692456e-06,
    2.762987873155824e-07, 2.4999078139187094e-08,
};

// (mantissa + low) * 2^(biased_exponent - 2046), not yet rounded to what a double can hold.
struct Scaled {
    double mantissa;
    double low;
    u64 biased_exponent;
};

ON_DEVICE Scaled times(Scaled scaled, Double factor) {
    Double result = product(scaled.mantissa, factor.high);
    double cross = fused(scaled.mantissa, factor.low, scaled.low * factor.high);
    Double sum = fast_sum(result.high, result.low + cross);
    return Scaled{sum.high, sum.low, scaled.biased_exponent};
}

ON_DEVICE double value_of(Scaled scaled) {
    u64 first = scaled.biased_exponent >> 1;
    u64 second = scaled.biased_exponent - first;
    return scaled.mantissa * from_bits(first << 52) * from_bits(second << 52);
}

ON_DEVICE u64 biased_exponent_of(double shifted) { return bits_of(shifted) - bits_of(ROUNDER) + EXPONENT_BIAS; }

// e^x.
ON_DEVICE double exponential(double x) {
    x = x > 710.0 ? 710.0 : x;
    x = x < -746.0 ? -746.0 : x;
    double shifted = fused(x, LOG2_E, ROUNDER);
    double n = shifted - ROUNDER;
    double r = fused(-n, LN2_LOW, fused(-n, LN2_HIGH, x));
    double mantissa = 1.0 + fused(r * r, even_odd(r, EXPONENTIAL), r);
    return value_of(Scaled{mantissa, 0.0, biased_exponent_of(shifted)});
}

// e^(high + low) for |high| < 750 and low below an ulp of high or so.
ON_DEVICE Scaled exp_of_sum(double high, double low) {
    double shifted = fused(high, LOG2_E, ROUNDER);
    double n = shifted - ROUNDER;
    double exact = fused(-n, LN2_HIGH, high);
    double small = fused(-n, LN2_LOW, low);
    double r = exact + small;
    double lost = (exact - r) + small;
    double rest = fused(r * r, even_odd(r, EXPONENTIAL), lost);
    Double sum = fast_sum(1.0, r + rest);
    return Scaled{sum.high, sum.low, biased_exponent_of(shifted)};
}
