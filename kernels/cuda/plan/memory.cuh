// What one thread works in: numbers that lie as far apart as there are threads, so that a warp reads neighbours.
#pragma once
#include "../exact.cuh"

struct Memory {
    double* words;
    u64 stride;

    ON_DEVICE_MEMBER double& operator[](u64 index) const { return words[index * stride]; }
    ON_DEVICE_MEMBER Memory from(u64 index) const { return Memory{words + index * stride, stride}; }
};
