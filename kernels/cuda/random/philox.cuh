// Twin of kernels/src/random/philox.rs: a counter and a key to 128 random bits (Salmon, Moraes, Dror and Shaw, 2011).
#pragma once
#include "../exact.cuh"

#define FIRST_FACTOR 0xd2511f53u
#define SECOND_FACTOR 0xcd9e8d57u

struct Words {
    u32 a, b, c, d;
};

ON_DEVICE Words philox(Words counter, u64 seed) {
    u32 first_key = (u32)seed, second_key = (u32)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        // In halves: the compiler would take whole products apart by masks.
        counter = Words{
            high_product(counter.c, SECOND_FACTOR) ^ counter.b ^ first_key,
            counter.c * SECOND_FACTOR,
            high_product(counter.a, FIRST_FACTOR) ^ counter.d ^ second_key,
            counter.a * FIRST_FACTOR,
        };
        first_key += 0x9e3779b9u;
        second_key += 0xbb67ae85u;
    }
    return counter;
}
