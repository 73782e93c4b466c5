// Twin of kernels/src/random/steps.rs: the quantile function of a distribution over a list of values.
#pragma once
#include "../exact.cuh"

// The value whose step p lies on: of `count` ascending values, after which come as many probabilities less one.
ON_DEVICE double step_at(const double* values, u64 count, double p) {
    const double* cumulative = values + count;
    u64 low = 0, high = count - 1;
    while (low < high) {
        u64 middle = low + (high - low) / 2;
        if (cumulative[middle] <= p) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return values[low];
}
