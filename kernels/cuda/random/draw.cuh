// Twin of kernels/src/random/draw.rs: uniforms taken through the quantile function of a distribution made ready.
#pragma once
#include "../math/normal.cuh"
#include "../plan/image.cuh"
#include "quantile_table.cuh"
#include "steps.cuh"

#define LEAST_SHARE LEAST_NORMAL
// 1 - 2^-53.
#define GREATEST_SHARE 0.99999999999999988897769753748
#define GREATEST_DRAW 1e307

// The number of a normal or of the logarithm of a lognormal.
ON_DEVICE double on_line(const Image& image, const Input& input, double p) {
    double std_dev = input.parameters[0], mean = input.parameters[1];
    return fused(quantile_by_rows(image.rows(), p), std_dev, mean);
}

ON_DEVICE double on_triangle(const double (&triangle)[5], double p) {
    double start = triangle[0], rise = triangle[1], end = triangle[2], fall = triangle[3], split = triangle[4];
    double rising = fused(square_root(p), rise, start);
    double falling = fused(square_root(1.0 - p), fall, end);
    return p < split ? rising : falling;
}

ON_DEVICE double integer_at(double min, double max, double p) {
    double count = max - min + 1.0;
    return at_most(min + floor(p * count), max);
}

ON_DEVICE double quantile_of(const Image& image, const Input& input, u64 family, double p) {
    const double (&parameters)[5] = input.parameters;
    switch (family) {
    case CONSTANT: return parameters[0];
    case UNIFORM: return fused(p, parameters[1], parameters[0]);
    case NORMAL: return on_line(image, input, p);
    case LOGNORMAL: return at_most(exponential(on_line(image, input, p)), GREATEST_DRAW);
    case TRIANGULAR: return on_triangle(parameters, p);
    case EXPONENTIAL_BELOW: return parameters[0] * logarithm_of_one_plus(-p);
    case EXPONENTIAL_ABOVE: return parameters[0] * logarithm(p);
    case BETA: {
        const BetaTable& table = *image.part<BetaTable>(input.table_at);
        return fused(beta_by_table(table, p), parameters[1], parameters[0]);
    }
    case INTEGERS: return integer_at(parameters[0], parameters[1], p);
    default: return step_at(image.part<double>(input.table_at), input.steps, p);
    }
}

// The draw that a uniform 0 < u < 1 stands for, of an input of this family.
ON_DEVICE double draw_of_family(const Image& image, const Input& input, u64 family, double u) {
    double p = input.is_truncated ? within(fused(u, input.width, input.from), LEAST_SHARE, GREATEST_SHARE) : u;
    double x = quantile_of(image, input, family, p);
    x = input.is_truncated ? within(x, input.low, input.high) : x;
    return input.shift != 0.0 ? x + input.shift : x;
}

// The draw that a uniform 0 < u < 1 stands for.
ON_DEVICE double draw_of(const Image& image, const Input& input, double u) {
    return draw_of_family(image, input, input.family, u);
}
