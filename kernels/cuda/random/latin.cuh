// Twin of kernels/src/random/latin.rs: Latin hypercube sampling without memory. Keys and shuffles are made in Rust.
#pragma once
#include "../exact.cuh"

#define MOST_SHUFFLED 64

// A random order of 0..count, and what places a uniform in a stratum.
struct Order {
    u64 count;
    u64 low_bits;
    u64 low_mask;
    u64 high_mask;
    u64 keys[8];
    double steps;
    double step;
    u64 shuffled[MOST_SHUFFLED];
};

struct Latin {
    u64 sets;
    // As many as there are sets.
    Order orders[1];
};

// The finalizer of MurmurHash3 (Appleby, 2011).
ON_DEVICE u64 mixed(u64 half, u64 key) {
    u32 hash = (u32)half ^ (u32)key;
    hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
    hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
    return hash ^ (hash >> 16);
}

ON_DEVICE u64 permuted(const Order& order, u64 value) {
    u64 low = value & order.low_mask, high = value >> order.low_bits;
    for (int round = 0; round < 8; round += 2) {
        high ^= mixed(low, order.keys[round]) & order.high_mask;
        low ^= mixed(high, order.keys[round + 1]) & order.low_mask;
    }
    return high << order.low_bits | low;
}

ON_DEVICE u64 stratum_of(const Order& order, u64 index) {
    if (order.count <= MOST_SHUFFLED) return order.shuffled[index];
    u64 stratum = permuted(order, index);
    // Ends: the bijection leads back to `index` at last, and that lies below.
    while (stratum >= order.count) stratum = permuted(order, stratum);
    return stratum;
}

// Takes the independent uniform of a trial into its stratum.
ON_DEVICE double stratified(const Latin& latin, u64 trial, double uniform) {
    const Order& order = latin.orders[trial % latin.sets];
    u64 stratum = stratum_of(order, trial / latin.sets);
    double position = (floor(uniform * order.steps) + 0.5) * order.step;
    return ((double)stratum + position) / (double)order.count;
}
