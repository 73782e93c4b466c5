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

// The bits of a pair of trials: one call of Philox serves a trial and its neighbour.
ON_DEVICE Words words_of_pair(u64 seed, u64 stream, u64 pair) {
    return philox(Words{(u32)pair, (u32)(pair >> 32), (u32)stream, (u32)(stream >> 32)}, seed);
}

// The uniform of a trial, 0 < u < 1.
ON_DEVICE double uniform(u64 seed, u64 stream, u64 trial) {
    Words words = words_of_pair(seed, stream, trial >> 1);
    return trial & 1 ? uniform_of(words.c, words.d) : uniform_of(words.a, words.b);
}

// Those of both trials of a pair.
ON_DEVICE Two uniforms(u64 seed, u64 stream, u64 pair) {
    Words words = words_of_pair(seed, stream, pair);
    return Two{uniform_of(words.a, words.b), uniform_of(words.c, words.d)};
}
