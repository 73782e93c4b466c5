// Twin of kernels/src/random/copula.rs: inputs that move together, by a Gaussian copula.
#pragma once
#include "../math/normal.cuh"
#include "../math/quantile_rows.cuh"
#include "../plan/image.cuh"
#include "../plan/memory.cuh"

// Takes the independent uniforms of a group to uniforms that are correlated. `draws` has one for each input.
ON_DEVICE void correlate(const Image& image, const CorrelationGroup& group, Memory draws) {
    const u64* inputs = image.part<u64>(group.inputs_at);
    const double* factor = image.part<double>(group.factor_at);
    for (u64 place = 0; place < group.count; place++) {
        double& own = draws[inputs[place]];
        own = fused(quantile_by_rows(image.rows(), own), 1.0, 0.0);
    }
    const double* row_end = factor + group.count * (group.count + 1) / 2;
    // The last first: each needs the normals of those before it as they were.
    for (u64 place = group.count; place-- > 0;) {
        const double* row = row_end - place - 1;
        row_end = row;
        double own = draws[inputs[place]] * row[place];
        for (u64 other = 0; other < place; other++) own = fused(draws[inputs[other]], row[other], own);
        draws[inputs[place]] = within(normal_cdf(own), LEAST_NORMAL, 0.99999999999999988897769753748);
    }
}
