// Twin of kernels/src/random/sampling.rs: the uniform behind a draw, independent or stratified.
#pragma once
#include "../plan/image.cuh"
#include "latin.cuh"
#include "sobol.cuh"
#include "uniform.cuh"

ON_DEVICE double uniform_of_input(const Image& image, const Input& input, u64 trial) {
    double independent = uniform(image.header().seed, input.stream, trial);
    switch (input.strata) {
    case LATIN: return stratified(*image.part<Latin>(input.strata_at), trial, independent);
    case SOBOL: return placed(*image.part<Sobol>(input.strata_at), trial, independent);
    default: return independent;
    }
}
