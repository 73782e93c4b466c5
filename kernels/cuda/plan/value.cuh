// Twin of model/src/value.rs: what a cell can hold, packed into 64 bits. A finite number is itself, all else a tagged NaN.
#pragma once
#include "../exact.cuh"

#define QUIET_NAN_BITS 0x7ff8000000000000ull

enum ErrorKind { NO_ERROR = 0, DIV0 = 2, VALUE = 3, REF = 4, NUM = 6, NOT_AVAILABLE = 7, LAST_ERROR = 10 };

enum Tag { TAG_NUMBER = 0, TAG_ERROR = 1, TAG_BOOL = 2, TAG_TEXT = 3, TAG_EMPTY = 4 };

// Of a slot: the payload is the error's kind, 0 or 1, or the text's id.
struct Value {
    u32 tag;
    u32 payload;
    double number;
};

// A number, or the error that stands in its place.
struct Outcome {
    double number;
    u32 error;
};

ON_DEVICE Outcome right(double number) { return Outcome{number, NO_ERROR}; }
ON_DEVICE Outcome wrong(u32 error) { return Outcome{0.0, error}; }

ON_DEVICE double tagged(u32 tag, u32 payload) { return from_bits(QUIET_NAN_BITS | (u64)tag << 32 | payload); }
ON_DEVICE double packed_error(u32 error) { return tagged(TAG_ERROR, error); }

ON_DEVICE double packed(Outcome outcome) {
    if (outcome.error != NO_ERROR) return packed_error(outcome.error);
    return is_finite(outcome.number) ? outcome.number : packed_error(NUM);
}

// A NaN or infinity that no packing makes is an overflow: #NUM!.
ON_DEVICE Value unpacked(double slot) {
    if (is_finite(slot)) return Value{TAG_NUMBER, 0, slot};
    u64 tag = (bits_of(slot) ^ QUIET_NAN_BITS) >> 32;
    u32 payload = (u32)bits_of(slot);
    switch (tag) {
    case TAG_ERROR: return Value{TAG_ERROR, payload - 1 < LAST_ERROR ? payload : (u32)NUM, 0.0};
    case TAG_BOOL: return Value{TAG_BOOL, payload != 0, 0.0};
    case TAG_TEXT: return Value{TAG_TEXT, payload, 0.0};
    case TAG_EMPTY: return Value{TAG_EMPTY, 0, 0.0};
    default: return Value{TAG_ERROR, NUM, 0.0};
    }
}

// A slot's value, with what no packing makes turned to #NUM!.
ON_DEVICE double normal_slot(double slot) {
    if (is_finite(slot)) return slot;
    Value value = unpacked(slot);
    return tagged(value.tag, value.payload);
}

// The number, or the error that an operand of a numeric instruction is.
ON_DEVICE Outcome number_of(double slot) {
    if (is_finite(slot)) return right(slot);
    Value value = unpacked(slot);
    return wrong(value.tag == TAG_ERROR ? value.payload : (u32)VALUE);
}
