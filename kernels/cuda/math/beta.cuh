// Twin of math/src/beta.rs: the beta distribution, its function, density and quantile. Each loop has a fixed bound.
#pragma once
#include "gamma.cuh"

#define GREATEST_STEPS 20000
#define GREATEST_QUANTILE_STEPS 200
#define TWO_PI 6.283185307179586
#define TINY 1e-300

struct Beta {
    double alpha;
    double beta;
    double factor;
    double correction;
};

ON_DEVICE Beta beta_of(double alpha, double beta) {
    double n = alpha + beta;
    return Beta{
        alpha,
        beta,
        square_root(alpha / n * beta / TWO_PI),
        stirling_error(alpha) + stirling_error(beta) - stirling_error(n),
    };
}

ON_DEVICE Beta mirrored(Beta beta) { return Beta{beta.beta, beta.alpha, beta.factor, beta.correction}; }

ON_DEVICE double not_zero(double value) { return magnitude_of(value) < TINY ? TINY : value; }

// alpha I_x(alpha, beta) / (x^alpha (1 - x)^beta / B): DLMF 8.17.22 by the modified method of Lentz (1976).
CALLED_ON_DEVICE double continued_fraction(double x, double alpha, double beta) {
    double sum = alpha + beta;
    double c = 1.0;
    double d = 1.0 / not_zero(1.0 - sum * x / (alpha + 1.0));
    double value = d;
    for (int step = 1; step <= GREATEST_STEPS; step++) {
        double m = (double)step;
        double twice = 2.0 * m;
        double even = m * (beta - m) * x / ((alpha + twice - 1.0) * (alpha + twice));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        value *= d * c;
        double odd = -(alpha + m) * (sum + m) * x / ((alpha + twice) * (alpha + twice + 1.0));
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        double factor = d * c;
        value *= factor;
        if (magnitude_of(factor - 1.0) < 2e-16) break;
    }
    return value;
}

// The density times x (1 - x), for y = 1 - x.
ON_DEVICE double scaled_density(Beta beta, double x, double y) {
    double n = beta.alpha + beta.beta;
    double exponent = deviance(beta.alpha, n * x) + deviance(beta.beta, n * y);
    return beta.factor * exponential(-(exponent + beta.correction));
}

// The distribution function for 0 < x < 1 and y = 1 - x.
ON_DEVICE double incomplete_beta(Beta beta, double x, double y) {
    double density = scaled_density(beta, x, y);
    double value = x * (beta.alpha + beta.beta + 2.0) <= beta.alpha + 1.0
        ? density / beta.alpha * continued_fraction(x, beta.alpha, beta.beta)
        : 1.0 - density / beta.beta * continued_fraction(y, beta.beta, beta.alpha);
    return within(value, 0.0, 1.0);
}

// Where Newton's method starts.
ON_DEVICE double first_guess(Beta beta, double target) {
    double n = beta.alpha + beta.beta;
    double mean = beta.alpha / n;
    double powers = beta.alpha * logarithm(mean) + beta.beta * logarithm(beta.beta / n);
    double ln_beta = powers + 0.5 * logarithm(TWO_PI * (n / beta.alpha) / beta.beta) + beta.correction;
    double guess = exponential((target + logarithm(beta.alpha) + ln_beta) / beta.alpha);
    return guess < mean ? guess : mean;
}

// The quantile for 0 < p, and not near 1, by Newton's method on the logarithms within a shrinking bracket.
CALLED_ON_DEVICE double beta_quantile_from(Beta beta, double guess, double p) {
    double target = logarithm(p);
    double low = 0.0, high = 1.0;
    double x = guess;
    for (int step = 0; step < GREATEST_QUANTILE_STEPS; step++) {
        double y = 1.0 - x;
        if (x < LEAST_NORMAL || y <= 0.0) break;
        double value = incomplete_beta(beta, x, y);
        if (value < p) {
            low = x;
        } else {
            high = x;
        }
        double slope = scaled_density(beta, x, y) / (y * value);
        double next = x * exponential((target - logarithm(value)) / slope);
        next = next > low && next < high ? next : 0.5 * (low + high);
        if (magnitude_of(next - x) <= 2e-16 * x) return next;
        x = next;
    }
    return x;
}

ON_DEVICE double lower_beta_quantile(Beta beta, double p) {
    return p <= 0.0 ? 0.0 : beta_quantile_from(beta, first_guess(beta, logarithm(p)), p);
}

// x with P(X <= x) = p for 0 < p < 1.
CALLED_ON_DEVICE double beta_quantile(Beta beta, double p) {
    return p <= 0.5 ? lower_beta_quantile(beta, p) : 1.0 - lower_beta_quantile(mirrored(beta), 1.0 - p);
}
