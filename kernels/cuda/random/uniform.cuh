// Twin of kernels/src/random/uniform.rs: uniform numbers by address, that is by seed, input and trial.
#pragma once
#include "philox.cuh"

// 1 - 2^-53.
#define ONE_LESS_HALF_STEP 0.99999999999999988897769753748

// (k + 1/2) / 2^52 from the upper 52 of the 64 bits with these halves.
ON_DEVICE double uniform_of(u32 high, u32 low) {
    u64 k = (u64)high << 20 | low >> 12;
    return from_bits(k | ONE_BITS) - ONE_LESS_HALF_STEP;
}

// The uniform of a trial, 0 < u < 1: one call of Philox serves it and its neighbour.
ON_DEVICE double uniform(u64 seed, u64 stream, u64 trial) {
    u64 pair = trial >> 1;
    Words counter = {(u32)pair, (u32)(pair >> 32), (u32)stream, (u32)(stream >> 32)};
    Words words = philox(counter, seed);
    return trial & 1 ? uniform_of(words.c, words.d) : uniform_of(words.a, words.b);
}
