// Twin of kernels/src/random/sobol.rs: Sobol's sequence, scrambled. Direction numbers and keys are made in Rust.
#pragma once
#include "../exact.cuh"

#define SETS 16
// 2^20 and 2^32.
#define STEPS_OF_POSITION 1048576.0
#define POINTS 4294967296.0

struct Sobol {
    // Bits in reverse order.
    u64 directions[32];
    u64 keys[2][SETS];
};

// A bijection in which each bit depends on itself and the bits below.
ON_DEVICE u32 scrambled(u32 bits, u32 key) {
    bits ^= bits * 0x3d20adeau;
    bits += key;
    bits *= (key >> 16) | 1u;
    bits ^= bits * 0x05526c56u;
    return bits ^ bits * 0x53a22864u;
}

ON_DEVICE u32 point_at(const Sobol& sobol, u64 index) {
    u32 point = 0;
    for (int bit = 0; bit < 32; bit++) point ^= index >> bit & 1 ? (u32)sobol.directions[bit] : 0u;
    return point;
}

// Takes the independent uniform of a trial to the point of this trial.
ON_DEVICE double placed(const Sobol& sobol, u64 trial, double uniform) {
    u64 set = trial % SETS;
    u32 bits = scrambled(point_at(sobol, trial / SETS), (u32)sobol.keys[0][set]);
    bits = reversed_bits(scrambled(bits, (u32)sobol.keys[1][set]));
    double position = (floor(uniform * STEPS_OF_POSITION) + 0.5) / STEPS_OF_POSITION;
    return ((double)bits + position) / POINTS;
}
