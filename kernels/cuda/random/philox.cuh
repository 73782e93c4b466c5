// Twin of kernels/src/random/philox.rs: a counter and a key to 128 random bits (Salmon, Moraes, Dror and Shaw, 2011).
#pragma once
#include "../exact.cuh"

struct Words {
    u32 a, b, c, d;
};

ON_DEVICE Words philox(Words counter, u64 seed) {
    u32 first_key = (u32)seed, second_key = (u32)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        u64 first = (u64)counter.a * 0xd2511f53u;
        u64 second = (u64)counter.c * 0xcd9e8d57u;
        counter = Words{
            (u32)(second >> 32) ^ counter.b ^ first_key,
            (u32)second,
            (u32)(first >> 32) ^ counter.d ^ second_key,
            (u32)first,
        };
        first_key += 0x9e3779b9u;
        second_key += 0xbb67ae85u;
    }
    return counter;
}
