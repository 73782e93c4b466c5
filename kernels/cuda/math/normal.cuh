// Twin of math/src/normal.rs: the standard normal distribution, its function and its density.
#pragma once
#include "exp.cuh"

#define VANISHED 38.7
#define SCALED_TAIL_CONSTANT 0.3894039814359694

DEVICE_TABLE double SCALED_TAIL[24] = {
    -0.1012845206021345, 0.04697507657472048, -0.007038815674034259, -0.012477968856813237, 0.015546176294335445,
    -0.010640080536851072, 0.004853092221498461, -0.0013206430117494508, 3.150761524552243e-05,
    0.00013681631501149535, -4.3376087375771866e-05, -6.794677599624772e-06, 7.123536170228245e-06,
    -1.8384306553252102e-07, -1.0179212967027614e-06, 1.1836952213150423e-07, 1.5395396640447402e-07,
    -2.315407148932709e-08, -2.579136215052232e-08, 2.8129793173276704e-09, 4.4050593413579556e-09,
    9.798233427337353e-11, -5.381043695738355e-10, -1.1406707121132937e-10,
};

ON_DEVICE double until_vanished(double a) { return a > VANISHED ? VANISHED : a; }

// factor e^(-a^2/2), the square in twice the precision, for 0 <= a <= 38.7.
ON_DEVICE double exp_of_minus_half_square(double a, Double factor) {
    Double square = product(a, a);
    return value_of(times(exp_of_sum(-0.5 * square.high, -0.5 * square.low), factor));
}

// P(Z < x) for a standard normal Z.
ON_DEVICE double normal_cdf(double x) {
    double a = until_vanished(magnitude_of(x));
    double t = fused(a / (a + 5.0), 2.0, -1.0);
    Double numerator = fast_sum(SCALED_TAIL_CONSTANT, t * even_odd(t, SCALED_TAIL));

    double denominator = fused(a, 0.8125, 1.0);
    double denominator_low = fused(a, 0.8125, 1.0 - denominator);
    double inverse = 1.0 / denominator;
    double high = numerator.high * inverse;
    double remainder = fused(-high, denominator, numerator.high);
    double low = (remainder + (numerator.low - high * denominator_low)) * inverse;

    double tail = exp_of_minus_half_square(a, Double{high, low});
    return x > 0.0 ? 1.0 - tail : tail;
}

// The density of a standard normal.
ON_DEVICE double normal_pdf(double x) {
    const Double ONE_OVER_SQRT_2PI = {0.3989422804014327, -2.49232720227773e-17};
    return exp_of_minus_half_square(until_vanished(magnitude_of(x)), ONE_OVER_SQRT_2PI);
}
