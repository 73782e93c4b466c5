// Twin of math/src/double.rs: a number as an unevaluated sum of two doubles (Dekker, 1971).
#pragma once
#include "../exact.cuh"

struct Double {
    double high;
    double low;
};

// a + b exactly, for |a| >= |b| or a = 0.
ON_DEVICE Double fast_sum(double a, double b) {
    double high = a + b;
    return Double{high, b - (high - a)};
}

// a b exactly.
ON_DEVICE Double product(double a, double b) {
    double high = a * b;
    return Double{high, fused(a, b, -high)};
}

// The sum, where `a` is the greater.
ON_DEVICE Double plus(Double a, Double b) {
    Double sum = fast_sum(a.high, b.high);
    return fast_sum(sum.high, sum.low + (a.low + b.low));
}

ON_DEVICE Double times(Double a, Double b) {
    Double result = product(a.high, b.high);
    double cross = fused(a.high, b.low, a.low * b.high);
    return fast_sum(result.high, result.low + cross);
}

ON_DEVICE Double times_number(Double a, double b) {
    Double result = product(a.high, b);
    return fast_sum(result.high, fused(a.low, b, result.low));
}
