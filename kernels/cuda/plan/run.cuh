// Twin of model/src/plan/scalar/run.rs: instructions over a run of operands, that is order statistics and lookups.
#pragma once
#include "compare.cuh"
#include "rate.cuh"

#define NOWHERE 0xffffffffu

// What a run holds: how many numbers, and its first error.
struct Census {
    u32 numbers;
    u32 error;
};

ON_DEVICE Census census_of(const Run& run) {
    Census census = {0, NO_ERROR};
    for (u32 index = 0; index < run.length; index++) {
        Value value = unpacked(run.at(index));
        if (value.tag == TAG_ERROR) return Census{0, value.payload};
        census.numbers += value.tag == TAG_NUMBER;
    }
    return census;
}

// Ascends with the number; 0.0 comes after -0.0.
ON_DEVICE u64 key_of(double number) {
    u64 bits = bits_of(number);
    return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

ON_DEVICE double number_of_key(u64 key) { return from_bits(key & SIGN_BIT ? key ^ SIGN_BIT : ~key); }

// How many numbers of the run have a key that begins as `key` does, down to `bit`.
ON_DEVICE u32 sharing(const Run& run, u64 key, int bit) {
    u32 count = 0;
    for (u32 index = 0; index < run.length; index++) {
        double number = run.at(index);
        count += is_finite(number) && key_of(number) >> bit == key >> bit;
    }
    return count;
}

// The number at an ascending index, found bit by bit from the first: the run is neither moved nor copied.
CALLED_ON_DEVICE double nth_number(const Run& run, u32 index) {
    u64 key = 0;
    for (int bit = 63; bit >= 0; bit--) {
        u32 below = sharing(run, key, bit);
        if (index >= below) {
            index -= below;
            key |= 1ull << bit;
        }
    }
    return number_of_key(key);
}

// A place counted from 1: truncated, 0 if below 1. What is past every run stays past it.
ON_DEVICE u32 place_of(double c) { return c < 1.0 ? 0 : c >= 4294967295.0 ? 0xffffffffu : (u32)c; }

ON_DEVICE Outcome ranked(const Run& run, double c, bool from_greatest) {
    Census census = census_of(run);
    if (census.error != NO_ERROR) return wrong(census.error);
    Outcome number = number_of(c);
    if (number.error != NO_ERROR) return number;
    u32 place = place_of(number.number);
    if (place == 0 || place > census.numbers) return wrong(NUM);
    return right(nth_number(run, from_greatest ? census.numbers - place : place - 1));
}

ON_DEVICE Outcome median(const Run& run) {
    Census census = census_of(run);
    if (census.error != NO_ERROR) return wrong(census.error);
    if (census.numbers == 0) return wrong(NUM);
    double upper = nth_number(run, census.numbers / 2);
    if (census.numbers % 2 == 1) return right(upper);
    double lower = nth_number(run, census.numbers / 2 - 1);
    return right(lower * 0.5 + upper * 0.5);
}

ON_DEVICE double picked(const Run& run, double c) {
    Outcome number = number_of(c);
    if (number.error != NO_ERROR) return packed_error(number.error);
    u32 place = place_of(number.number);
    return place == 0 || place > run.length ? packed_error(REF) : normal_slot(run.at(place - 1));
}

ON_DEVICE u32 find_exact(const Run& run, Ordered key) {
    for (u32 index = 0; index < run.length; index++) {
        Ordered value = ordered(run.operands.image, unpacked(run.at(index)));
        if (value.kind == key.kind && order_of(value, key) == 0) return index;
    }
    return NOWHERE;
}

// The last value of the key's kind before the first that is less.
ON_DEVICE u32 find_last_not_below(const Run& run, Ordered key) {
    u32 found = NOWHERE;
    for (u32 index = 0; index < run.length; index++) {
        Ordered value = ordered(run.operands.image, unpacked(run.at(index)));
        if (value.kind != key.kind) continue;
        if (order_of(value, key) < 0) break;
        found = index;
    }
    return found;
}

// Binary search for the last value of the key's kind that is not greater. At a middle of another kind the next of the
// key's kind below the upper end stands in.
ON_DEVICE u32 find_last_not_above(const Run& run, Ordered key) {
    u32 found = NOWHERE;
    u32 low = 0, high = run.length;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        u32 index = middle;
        Ordered value = {NOT_ORDERED, 0.0};
        for (; index < high; index++) {
            value = ordered(run.operands.image, unpacked(run.at(index)));
            if (value.kind == key.kind) break;
        }
        if (index < high && order_of(value, key) <= 0) {
            found = index;
            low = index + 1;
        } else {
            high = middle;
        }
    }
    return found;
}

// The place of what is found; an empty key is 0.
ON_DEVICE Outcome lookup(u32 opcode, const Run& run, double c) {
    Value wanted = unpacked(c);
    if (wanted.tag == TAG_ERROR) return wrong(wanted.payload);
    Ordered key = ordered(run.operands.image, wanted);
    if (key.kind == NOT_ORDERED) key = Ordered{ORDERED_NUMBER, 0.0};
    u32 index = opcode == OP_MATCH_EXACT ? find_exact(run, key)
        : opcode == OP_MATCH_ASCENDING ? find_last_not_above(run, key) : find_last_not_below(run, key);
    return index == NOWHERE ? wrong(NOT_AVAILABLE) : right((double)(index + 1u));
}

ON_DEVICE Outcome rate_of(const Run& run, double c) {
    Census census = census_of(run);
    if (census.error != NO_ERROR) return wrong(census.error);
    Outcome guess = number_of(c);
    return guess.error != NO_ERROR ? guess : internal_rate(run, guess.number);
}

// The result of an opcode over a run for one trial.
ON_DEVICE double applied_to_run(u32 opcode, const Run& run, double c) {
    switch (opcode) {
    case OP_SMALLEST: return packed(ranked(run, c, false));
    case OP_GREATEST: return packed(ranked(run, c, true));
    case OP_MEDIAN: return packed(median(run));
    case OP_PICK: return picked(run, c);
    case OP_INTERNAL_RATE: return packed(rate_of(run, c));
    default: return packed(lookup(opcode, run, c));
    }
}
