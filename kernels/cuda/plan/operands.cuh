// Where an instruction finds its values: a slot of the thread, or a constant of the plan.
#pragma once
#include "image.cuh"
#include "memory.cuh"
#include "value.cuh"

#define CONSTANT_BIT 0x80000000u

struct Operands {
    const Image& image;
    Memory slots;

    ON_DEVICE_MEMBER double at(u32 operand) const {
        if (operand & CONSTANT_BIT) return image.part<double>(image.header().constants_at)[operand ^ CONSTANT_BIT];
        return slots[operand];
    }
};

// A run of operands, read where they are: a thread has no memory of its own to gather them in.
struct Run {
    Operands operands;
    const u32* places;
    u32 length;

    ON_DEVICE_MEMBER double at(u32 index) const { return operands.at(places[index]); }
};
