// Twin of math/src/pow.rs: x^y as e^(y ln x), the logarithm in twice the precision.
#pragma once
#include "log.cuh"

ON_DEVICE bool is_integer(double y) {
    double magnitude = magnitude_of(y);
    return magnitude >= TWO_52 || (magnitude + TWO_52) - TWO_52 == magnitude;
}

ON_DEVICE bool is_odd(double y) {
    return is_integer(y) && !is_integer(0.5 * y) && magnitude_of(y) < 2.0 * TWO_52;
}

// `power`, or what it is where the magnitude or the exponent is 0 or infinite.
ON_DEVICE double power_at_the_ends(double magnitude, double y, double power) {
    double grows = y > 0.0 ? infinity() : 0.0;
    double shrinks = y > 0.0 ? 0.0 : infinity();
    power = magnitude == infinity() ? grows : power;
    power = magnitude == 0.0 ? shrinks : power;
    double endless = magnitude > 1.0 ? grows : shrinks;
    endless = magnitude == 1.0 ? 1.0 : endless;
    return magnitude_of(y) == infinity() ? endless : power;
}

// x^y where the result is real.
CALLED_ON_DEVICE double raised(double x, double y) {
    double magnitude = magnitude_of(x);
    Double logarithm = logarithm_double(magnitude);
    double high = y * logarithm.high;
    double low = fused(y, logarithm.high, -high) + y * logarithm.low;
    bool beyond = !(high < 710.0 && high > -746.0);
    double clamped = high > 0.0 ? 710.0 : -746.0;
    double power = value_of(exp_of_sum(beyond ? clamped : high, beyond ? 0.0 : low));
    power = power_at_the_ends(magnitude, y, power);

    double result = is_odd(y) && has_sign(x) ? -power : power;
    result = x < 0.0 && x > -infinity() && !is_integer(y) ? not_a_number() : result;
    result = is_nan(x) || is_nan(y) ? not_a_number() : result;
    return y == 0.0 || x == 1.0 ? 1.0 : result;
}
