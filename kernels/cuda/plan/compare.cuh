// Twin of model/src/plan/scalar/compare.rs: the order of values, that is numbers, then texts without case, then booleans.
#pragma once
#include "../math/round.cuh"
#include "image.cuh"
#include "opcode.cuh"
#include "value.cuh"

#define EMPTY_RANK 0
#define UNKNOWN_RANK 0xffffffffu

enum OrderedKind { ORDERED_NUMBER = 0, ORDERED_TEXT = 1, ORDERED_BOOL = 2, NOT_ORDERED = 3 };

// A value that has a place in the order; of a text and a boolean the number is its rank.
struct Ordered {
    u32 kind;
    double number;
};

// A text that the plan does not know, which no plan holds, comes last.
ON_DEVICE double rank_of(const Image& image, u32 id) {
    const TextFacts* text = image.text(id);
    return (double)(text ? (u32)text->rank : UNKNOWN_RANK);
}

// The value itself, if it has a place in the order; an empty has none of its own.
ON_DEVICE Ordered ordered(const Image& image, Value value) {
    switch (value.tag) {
    case TAG_NUMBER: return Ordered{ORDERED_NUMBER, value.number};
    case TAG_TEXT: return Ordered{ORDERED_TEXT, rank_of(image, value.payload)};
    case TAG_BOOL: return Ordered{ORDERED_BOOL, (double)value.payload};
    default: return Ordered{NOT_ORDERED, 0.0};
    }
}

// `value`, an empty taken as 0, "" or FALSE, whichever `other` compares with.
ON_DEVICE Ordered as_asked_by(const Image& image, Value value, Value other) {
    if (value.tag != TAG_EMPTY) return ordered(image, value);
    switch (other.tag) {
    case TAG_TEXT: return Ordered{ORDERED_TEXT, (double)EMPTY_RANK};
    case TAG_BOOL: return Ordered{ORDERED_BOOL, 0.0};
    default: return Ordered{ORDERED_NUMBER, 0.0};
    }
}

// -1, 0 or 1; of kinds that differ, by kind.
ON_DEVICE int order_of(Ordered a, Ordered b) {
    if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
    return a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
}

// A unit of the fifteenth digit is at most 1e-14 of a number; the rest is for how this is computed.
#define NEAR 1.1e-14

// -1, 0 or 1 for two numbers as the operators of a formula see them, by 15 digits.
ON_DEVICE int order_of_numbers(double a, double b) {
    if (a != b && magnitude_of(a - b) <= NEAR * magnitude_of(a)) {
        a = at_15_digits(a);
        b = at_15_digits(b);
    }
    return a < b ? -1 : a > b ? 1 : 0;
}

// The condition of a comparison of values; the first error of the two is the result.
ON_DEVICE Outcome comparison(u32 opcode, const Image& image, Value a, Value b) {
    if (a.tag == TAG_ERROR) return wrong(a.payload);
    if (b.tag == TAG_ERROR) return wrong(b.payload);
    Ordered first = as_asked_by(image, a, b), second = as_asked_by(image, b, a);
    bool are_numbers = first.kind == ORDERED_NUMBER && second.kind == ORDERED_NUMBER;
    int order = are_numbers ? order_of_numbers(first.number, second.number) : order_of(first, second);
    switch (opcode) {
    case OP_VALUE_LESS: return right(order < 0 ? 1.0 : 0.0);
    case OP_VALUE_LESS_EQUAL: return right(order <= 0 ? 1.0 : 0.0);
    case OP_VALUE_EQUAL: return right(order == 0 ? 1.0 : 0.0);
    default: return right(order != 0 ? 1.0 : 0.0);
    }
}
