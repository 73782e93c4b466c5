// The European call as one would write it by hand with cuRAND: its Philox and its normals, mean and standard error alone.
#include <curand_kernel.h>

// Adds the sum of the discounted payoffs of 2 * pairs paths and that of their squares to `sums`.
extern "C" __global__ void curand_call(unsigned long long seed, unsigned long long pairs, double *sums)
{
    const unsigned long long thread = static_cast<unsigned long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    const unsigned long long threads = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
    curandStatePhilox4_32_10_t state;
    curand_init(seed, thread, 0, &state);
    const double discount = exp(-0.03);
    double sum = 0, squares = 0;
    for (unsigned long long pair = thread; pair < pairs; pair += threads) {
        const double2 z = curand_normal2_double(&state);
        const double first = discount * fmax(100 * exp(0.03 - 0.02 + 0.2 * z.x) - 100, 0.0);
        const double second = discount * fmax(100 * exp(0.03 - 0.02 + 0.2 * z.y) - 100, 0.0);
        sum += first + second;
        squares += first * first + second * second;
    }
    for (int lane = 16; lane > 0; lane /= 2) {
        sum += __shfl_down_sync(~0u, sum, lane);
        squares += __shfl_down_sync(~0u, squares, lane);
    }
    if (threadIdx.x % 32 == 0) {
        atomicAdd(sums, sum);
        atomicAdd(sums + 1, squares);
    }
}
