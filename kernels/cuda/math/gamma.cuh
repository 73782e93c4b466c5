// Twin of math/src/gamma.rs: the logarithm of the gamma function, in the form that its users need.
#pragma once
#include "log.cuh"

#define LN_SQRT_2PI 0.9189385332046728
#define SERIES_FROM 16.0

// ln gamma(x) less Stirling's approximation, for x > 0 (Loader, 2000).
CALLED_ON_DEVICE double stirling_error(double x) {
    double total = 0.0;
    while (x < SERIES_FROM) {
        total += (x + 0.5) * logarithm_of_one_plus(1.0 / x) - 1.0;
        x += 1.0;
    }
    double inverse = 1.0 / x;
    double z = inverse * inverse;
    double series = 1.0 / 12.0
        - z * (1.0 / 360.0
            - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0 - z * (691.0 / 360360.0)))));
    return total + inverse * series;
}

// ln gamma(x) for x > 0.
ON_DEVICE double ln_gamma(double x) {
    return (x - 0.5) * logarithm(x) - x + LN_SQRT_2PI + stirling_error(x);
}

// x ln(x / mean) + mean - x, for positive x and mean (Loader, 2000).
CALLED_ON_DEVICE double deviance(double x, double mean) {
    double difference = x - mean;
    if (magnitude_of(difference) >= 0.1 * (x + mean)) return x * logarithm(x / mean) - difference;
    double v = difference / (x + mean);
    double square = v * v;
    double power = 2.0 * x * v;
    double total = difference * v;
    for (int odd = 1; odd <= 10; odd++) {
        power *= square;
        total += power / (double)(2 * odd + 1);
    }
    return total;
}
