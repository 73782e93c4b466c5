// The kernels of statistics: what a launch of the interpreter has come to is taken together where it lies, so that its
// values need not cross the bus.
//
// Each kernel is a few steps, and every thread of a block waits for the others between them. The steps are functions of
// their own, so that a processor takes the threads through each in turn.
#include "statistics/moments.cuh"
#include "statistics/sieve.cuh"

// A block of threads with its shared memory.
struct Block {
    double* shared;
    u64 number;
    u64 thread;
    u64 threads;
};

#define MOMENTS_STEPS 4

ON_DEVICE void moments_step(int step, const Block& block, const double* columns, u64 trials, u64 all_columns, u64* found) {
    Team team = team_of(columns, trials, all_columns, block.shared, block.thread, block.threads, block.number);
    if (team.is_idle) return;
    switch (step) {
    case 0: return sum_up(team);
    case 1: return sum_up_without_errors(team);
    case 2: return sum_powers(team);
    default:
        if (team.lane == 0) tell_moments(team, found + (block.number * block.threads + block.thread) / LANES * WORDS_OF_BLOCK);
    }
}

#define SIFT_STEPS 3

// The first of `blocks_each` blocks for each output are for the first of them.
ON_DEVICE void sift_step(
    int step, const Block& block, const double* outputs, u64 trials, u64 blocks_each, const Mesh* meshes, u64* totals,
    double* picked, u64 room
) {
    u64 output = block.number / blocks_each;
    u32* counters = reinterpret_cast<u32*>(block.shared);
    Sieve sieve = sieve_by(meshes + output, counters, totals + output * COUNTERS, picked + output * room, room);
    if (step == 1) {
        u64 first = block.number % blocks_each * block.threads + block.thread;
        const double* end = outputs + (output + 1) * trials;
        u32 fractions = 0;
        for (const double* at = end - trials + first; at < end; at += blocks_each * block.threads) {
            double number = *at;
            if (!is_finite(number)) continue;
            fractions |= floor(number) != number ? 1 : 0;
            sieve.read(number);
        }
        if (fractions) count_one(&sieve.counters[FRACTIONS]);
        return;
    }
    for (u64 counter = block.thread; counter < COUNTERS_OF_BLOCK; counter += block.threads) {
        if (step == 0) {
            sieve.counters[counter] = 0;
        } else if (sieve.counters[counter] > 0) {
            add_to(&sieve.totals[counter], sieve.counters[counter]);
        }
    }
}

#ifdef __CUDACC__

ON_DEVICE Block this_block(double* shared) { return Block{shared, blockIdx.x, threadIdx.x, blockDim.x}; }

// The moments and errors of every block of trials of every column of a launch: WORDS_OF_BLOCK words each. A team of threads
// for each, and shared memory for QUANTITIES numbers of a thread.
extern "C" __global__ void fermiac_moments(const double* columns, u64 trials, u64 all_columns, u64* found) {
    extern __shared__ double shared[];
    for (int step = 0; step < MOMENTS_STEPS; step++) {
        moments_step(step, this_block(shared), columns, trials, all_columns, found);
        __syncthreads();
    }
}

// Sifts the numbers of every output by its mesh: COUNTERS words each, to which counts are added, and room for so many
// picked numbers each. Shared memory for COUNTERS_OF_BLOCK counts.
extern "C" __global__ void fermiac_sift(
    const double* outputs, u64 trials, u64 blocks_each, const Mesh* meshes, u64* totals, double* picked, u64 room
) {
    extern __shared__ double shared[];
    for (int step = 0; step < SIFT_STEPS; step++) {
        sift_step(step, this_block(shared), outputs, trials, blocks_each, meshes, totals, picked, room);
        __syncthreads();
    }
}

#endif
