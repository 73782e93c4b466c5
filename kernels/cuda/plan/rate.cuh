// Twin of model/src/plan/scalar/rate.rs: the internal rate of return. The flows are the numbers of a run.
#pragma once
#include "operands.cuh"

#define NEWTON_STEPS 64
#define STEP_TOLERANCE 1e-14
#define VALUE_TOLERANCE 1e-10
#define BRACKET_GROWTH 1.25
#define BRACKET_STEPS 256
#define BISECTION_STEPS 128

// Of a sum over the flows: the value, and beside it the slope or the sum of the terms' sizes.
struct PresentValue {
    double value;
    double beside;
};

// A rate, if one was found, and whether the search is over with it.
struct Approach {
    bool is_root;
    bool has_arrived;
    double rate;
};

// The present value and its slope by the discount factor, by Horner's rule.
ON_DEVICE PresentValue value_and_slope(const Run& flows, double discount) {
    PresentValue sum = {0.0, 0.0};
    for (u32 index = flows.length; index-- > 0;) {
        double flow = flows.at(index);
        if (!is_finite(flow)) continue;
        sum = PresentValue{sum.value * discount + flow, sum.beside * discount + sum.value};
    }
    return sum;
}

// The net present value at growth 1 + rate and the sum of its terms' sizes, scaled so that nothing overflows that need not.
CALLED_ON_DEVICE PresentValue scaled_value(const Run& flows, double growth) {
    bool is_discounted = growth >= 1.0;
    double factor = is_discounted ? 1.0 / growth : growth;
    PresentValue sum = {0.0, 0.0};
    for (u32 step = 0; step < flows.length; step++) {
        double flow = flows.at(is_discounted ? flows.length - 1 - step : step);
        if (!is_finite(flow)) continue;
        sum = PresentValue{sum.value * factor + flow, sum.beside * factor + magnitude_of(flow)};
    }
    return sum;
}

ON_DEVICE bool is_root(const Run& flows, double rate) {
    PresentValue sum = scaled_value(flows, 1.0 + rate);
    return sum.beside > 0.0 && magnitude_of(sum.value) <= VALUE_TOLERANCE * sum.beside;
}

ON_DEVICE bool is_positive(const Run& flows, double growth) { return scaled_value(flows, growth).value > 0.0; }

ON_DEVICE Approach by_newton(const Run& flows, double guess) {
    double rate = guess;
    for (int step = 0; step < NEWTON_STEPS; step++) {
        double discount = 1.0 / (1.0 + rate);
        PresentValue sum = value_and_slope(flows, discount);
        double next = rate + sum.value / (sum.beside * discount * discount);
        // A NaN ends the search too.
        if (!(next > -1.0 && next < GREATEST_FINITE)) return Approach{false, false, 0.0};
        double change = magnitude_of(next - rate);
        rate = next;
        if (change <= STEP_TOLERANCE * (1.0 + rate)) {
            bool found = is_root(flows, rate);
            return Approach{found, found, rate};
        }
    }
    return Approach{is_root(flows, rate), false, rate};
}

// The rate at the sign change between two growths.
ON_DEVICE double by_halves(const Run& flows, double low, double high) {
    bool at_low = is_positive(flows, low);
    for (int step = 0; step < BISECTION_STEPS; step++) {
        double middle = low + (high - low) * 0.5;
        if (middle <= low || middle >= high) break;
        if (is_positive(flows, middle) == at_low) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low - 1.0;
}

// Widens from the guess until the value changes sign, then halves.
ON_DEVICE Approach by_bracket(const Run& flows, double guess) {
    bool start = is_positive(flows, 1.0 + guess);
    double low = 1.0 + guess, high = 1.0 + guess;
    for (int step = 0; step < BRACKET_STEPS; step++) {
        double lower = low / BRACKET_GROWTH, higher = high * BRACKET_GROWTH;
        bool is_above = is_positive(flows, higher) != start;
        if (is_above || is_positive(flows, lower) != start) {
            double rate = is_above ? by_halves(flows, high, higher) : by_halves(flows, lower, low);
            return Approach{is_root(flows, rate), true, rate};
        }
        low = lower;
        high = higher;
    }
    return Approach{false, false, 0.0};
}

// The rate at which the flows, one a period, the first at once, have the net present value 0.
CALLED_ON_DEVICE Outcome internal_rate(const Run& flows, double guess) {
    if (guess <= -1.0) return wrong(VALUE);
    bool has_inflow = false, has_outflow = false;
    for (u32 index = 0; index < flows.length; index++) {
        double flow = flows.at(index);
        has_inflow |= flow > 0.0;
        has_outflow |= flow < 0.0;
    }
    if (!has_inflow || !has_outflow) return wrong(NUM);
    Approach near = by_newton(flows, guess);
    if (near.has_arrived) return right(near.rate);
    Approach between = by_bracket(flows, guess);
    if (between.is_root) return right(between.rate);
    return near.is_root ? right(near.rate) : wrong(NUM);
}
