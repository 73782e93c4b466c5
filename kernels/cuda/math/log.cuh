// Twin of math/src/log.rs: split off the exponent, then the series of the inverse hyperbolic tangent.
#pragma once
#include "exp.cuh"

#define SQRT_HALF_BITS 0x3fe6a09e667f3bcdull
#define LN_2 0.6931471805599453
// 2^52 and 2^54.
#define TWO_52 4503599627370496.0
#define TWO_54 18014398509481984.0
#define TWO_SEVENTHS 0.2857142857142857

DEVICE_TABLE double LOGARITHM[7] = {
    0.6666666666666715,  0.3999999999952008,  0.2857142872216396, 0.22222200423389848,
    0.18183476780842373, 0.15316119537395392, 0.1477662359134897,
};
DEVICE_TABLE double LOGARITHM_REST[6] = {
    0.2222222222221893,  0.1818181818986943,  0.1538461220188851,
    0.13333792497046504, 0.11734871513080876, 0.11412079735100251,
};

// x = 2^exponent m.
struct Split {
    double exponent;
    double m;
};

// With sqrt(1/2) <= m < sqrt(2), for normal x.
ON_DEVICE Split split_normal(double x) {
    u64 moved = bits_of(x) + (ONE_BITS - SQRT_HALF_BITS);
    double m = from_bits((moved & MANTISSA_BITS) + SQRT_HALF_BITS);
    double biased = from_bits((moved >> 52) | bits_of(TWO_52));
    return Split{biased - (TWO_52 + 1023.0), m};
}

// For positive finite x; subnormals included.
ON_DEVICE Split split(double x) {
    bool subnormal = x < LEAST_NORMAL;
    Split normal = split_normal(subnormal ? x * TWO_54 : x);
    return Split{normal.exponent - (subnormal ? 54.0 : 0.0), normal.m};
}

// `value`, or what the logarithm is outside the positive finite numbers.
ON_DEVICE double special_logarithm(double x, double value) {
    value = x == infinity() ? x : value;
    value = x == 0.0 ? -infinity() : value;
    return x >= 0.0 ? value : not_a_number();
}

// ln x.
ON_DEVICE double logarithm(double x) {
    Split parts = split(x);
    double f = parts.m - 1.0;
    double s = f / (2.0 + f);
    double z = s * s;
    double half_square = 0.5 * f * f;
    double correction = s * fused(z, even_odd(z, LOGARITHM), half_square);
    double low = fused(parts.exponent, LN2_LOW, correction);
    double value = fused(parts.exponent, LN2_HIGH, f - (half_square - low));
    return special_logarithm(x, value);
}

// ln(1 + x).
ON_DEVICE double logarithm_of_one_plus(double x) {
    double sum = 1.0 + x;
    double lost = x < 1.0 ? x - (sum - 1.0) : 1.0 - (sum - x);
    double correction = lost / sum;
    double value = logarithm(sum);
    return sum > 0.0 && sum < infinity() ? value + correction : value;
}

// ln y without its special cases, for 0 < y <= 1 and an absolute error of an ulp of 1 at most.
ON_DEVICE double logarithm_of_fraction(double y) {
    Split parts = split_normal(y);
    double f = parts.m - 1.0;
    double s = f / (2.0 + f);
    double z = s * s;
    return fused(parts.exponent, LN_2, fused(s * z, even_odd(z, LOGARITHM), s + s));
}

// ln x for a positive finite x, with a relative error below 2^-68.
ON_DEVICE Double logarithm_double(double x) {
    const Double TWO_THIRDS = {0.6666666666666666, 3.700743415417188e-17};
    const Double TWO_FIFTHS = {0.4, -2.2204460492503132e-17};
    Split parts = split(x);
    double f = parts.m - 1.0;
    double d = parts.m + 1.0;
    double d_low = parts.m - (d - 1.0);
    double inverse = 1.0 / d;
    double s_high = f * inverse;
    double s_low = (fused(-s_high, d, f) - s_high * d_low) * inverse;
    Double s = {s_high, s_low};
    Double z = times(s, s);
    double rest = fused(z.high, horner(z.high, LOGARITHM_REST), TWO_SEVENTHS);
    Double series = plus(TWO_THIRDS, times(z, plus(TWO_FIFTHS, times_number(z, rest))));
    Double mantissa = plus(Double{2.0 * s_high, 2.0 * s_low}, times(times(s, z), series));
    Double sum = fast_sum(parts.exponent * LN2_HIGH, mantissa.high);
    return fast_sum(sum.high, sum.low + fused(parts.exponent, LN2_LOW, mantissa.low));
}

// log10 x.
ON_DEVICE double decimal_logarithm(double x) {
    const Double LOG10_E = {0.4342944819032518, 1.098319650216765e-17};
    return special_logarithm(x, times(logarithm_double(x), LOG10_E).high);
}
