// Twin of kernels/src/engine/image/: a plan, a seed and a sampling as one run of 64-bit words, without pointers.
//
// The image begins with its header; what is named `.._at` is the place of a part, counted in words from the image's first.
#pragma once
#include "../exact.cuh"

struct Header {
    u64 seed;
    u64 instructions_at;
    u64 instructions;
    u64 arguments_at;
    u64 constants_at;
    u64 texts_at;
    u64 texts;
    u64 inputs_at;
    u64 inputs;
    u64 groups_at;
    u64 groups;
    u64 columns;
    // Where each column of the plan goes among those that are wanted, or NOT_WANTED.
    u64 columns_at;
    u64 rows_at;
    u64 slots;
};

#define NOT_WANTED 0xffffffffffffffffull

struct Instruction {
    u32 opcode;
    u32 destination;
    u32 a;
    u32 b;
    u32 c;
    u32 unused;
};

struct TextFacts {
    u64 rank;
    double as_number;
    double as_condition;
};

enum StrataKind { INDEPENDENT = 0, LATIN = 1, SOBOL = 2 };

enum FamilyKind {
    CONSTANT = 0,
    UNIFORM = 1,
    NORMAL = 2,
    LOGNORMAL = 3,
    TRIANGULAR = 4,
    EXPONENTIAL_BELOW = 5,
    EXPONENTIAL_ABOVE = 6,
    BETA = 7,
    INTEGERS = 8,
    STEPS = 9,
};

struct Input {
    u64 stream;
    u64 strata;
    u64 strata_at;
    u64 family;
    u64 table_at;
    u64 steps;
    u64 is_truncated;
    // What truncation leaves: probabilities from a start on, this wide, and the bounds of the draws.
    double from;
    double width;
    double low;
    double high;
    double shift;
    double parameters[5];
};

struct CorrelationGroup {
    u64 count;
    u64 inputs_at;
    u64 factor_at;
};

struct Image {
    const u64* words;

    template <typename Part> ON_DEVICE_MEMBER const Part* part(u64 at) const {
        return reinterpret_cast<const Part*>(words + at);
    }

    ON_DEVICE_MEMBER const Header& header() const { return *part<Header>(0); }
    ON_DEVICE_MEMBER const double* rows() const { return part<double>(header().rows_at); }
    ON_DEVICE_MEMBER const TextFacts* text(u32 id) const {
        return id < header().texts ? part<TextFacts>(header().texts_at) + id : nullptr;
    }
};
