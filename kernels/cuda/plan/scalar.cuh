// Twin of model/src/plan/scalar/mod.rs: one lane of every elementwise instruction.
#pragma once
#include "../math/normal.cuh"
#include "../math/pow.cuh"
#include "../math/quantile.cuh"
#include "../math/round.cuh"
#include "compare.cuh"

#define MODULO_QUOTIENT_LIMIT 1125900000000.0
#define DIGITS_LIMIT 400.0

ON_DEVICE double condition(bool truth) { return truth ? 1.0 : 0.0; }

// Half away from zero, as no division by a power of ten is needed here.
ON_DEVICE double nearest_integer(double x) {
    double whole = trunc(x);
    return magnitude_of(x - whole) >= 0.5 ? whole + with_sign_of(1.0, x) : whole;
}

// Whether `b` is the double nearest to 1 / n for an odd n.
ON_DEVICE bool is_odd_root(double b) {
    double degree = nearest_integer(1.0 / b);
    return floor(degree * 0.5) != degree * 0.5 && 1.0 / degree == b;
}

ON_DEVICE Outcome power_of(double a, double b) {
    if (a == 0.0) return b > 0.0 ? right(0.0) : wrong(b == 0.0 ? NUM : DIV0);
    if (a < 0.0 && trunc(b) != b) return is_odd_root(b) ? right(-raised(-a, b)) : wrong(NUM);
    return right(raised(a, b));
}

ON_DEVICE Outcome modulo(double a, double b) {
    if (b == 0.0) return wrong(DIV0);
    double quotient = a / b;
    if (magnitude_of(quotient) >= MODULO_QUOTIENT_LIMIT) return wrong(NUM);
    double remainder = a - b * floor(quotient);
    return right(remainder == 0.0 || (remainder < 0.0) != (b < 0.0) ? 0.0 : remainder);
}

ON_DEVICE i32 digits_of(double b) { return (i32)within(b, -DIGITS_LIMIT, DIGITS_LIMIT); }

ON_DEVICE Outcome of_two_numbers(u32 opcode, double a, double b) {
    switch (opcode) {
    case OP_ADD: return right(a + b);
    case OP_SUBTRACT: return right(a - b);
    case OP_MULTIPLY: return right(a * b);
    case OP_DIVIDE: return b == 0.0 ? wrong(DIV0) : right(a / b);
    case OP_POWER: return power_of(a, b);
    case OP_MODULO: return modulo(a, b);
    case OP_ROUND: return right(rounded_at(a, digits_of(b), HALF_AWAY));
    case OP_ROUND_UP: return right(rounded_at(a, digits_of(b), UP));
    case OP_ROUND_DOWN: return right(rounded_at(a, digits_of(b), DOWN));
    case OP_MINIMUM: return right(b < a ? b : a);
    case OP_MAXIMUM: return right(b > a ? b : a);
    case OP_LESS: return right(condition(order_of_numbers(a, b) < 0));
    case OP_LESS_EQUAL: return right(condition(order_of_numbers(a, b) <= 0));
    case OP_EQUAL: return right(condition(order_of_numbers(a, b) == 0));
    default: return right(condition(order_of_numbers(a, b) != 0));
    }
}

ON_DEVICE Outcome of_one_number(u32 opcode, double a) {
    switch (opcode) {
    case OP_STORE: return right(a + 0.0);
    case OP_NEGATE: return right(-a);
    case OP_ABSOLUTE: return right(magnitude_of(a));
    case OP_SIGN: return right(condition(a > 0.0) - condition(a < 0.0));
    case OP_SQUARE_ROOT: return a >= 0.0 ? right(square_root(a)) : wrong(NUM);
    case OP_EXP: return right(exponential(a));
    case OP_LN: return a > 0.0 ? right(logarithm(a)) : wrong(NUM);
    case OP_LOG10: return a > 0.0 ? right(decimal_logarithm(a)) : wrong(NUM);
    case OP_FLOOR: return right(floor(a));
    case OP_NORMAL_CDF: return right(normal_cdf(a));
    case OP_NORMAL_PDF: return right(normal_pdf(a));
    default: return a > 0.0 && a < 1.0 ? right(normal_quantile(a)) : wrong(NUM);
    }
}

// The bit of a mask that stands for the kind of `value`.
ON_DEVICE u32 kind_bit(Value value) {
    switch (value.tag) {
    case TAG_NUMBER: return 0;
    case TAG_BOOL: return 1;
    case TAG_TEXT: return 2;
    case TAG_EMPTY: return 3;
    default: return value.payload == NOT_AVAILABLE ? 5 : 4;
    }
}

// What a value that is no number stands for as a number or, of a text, as a condition.
ON_DEVICE Outcome coerced(const Image& image, Value value, bool as_condition) {
    switch (value.tag) {
    case TAG_NUMBER: return right(as_condition ? condition(value.number != 0.0) : value.number);
    case TAG_BOOL: return right((double)value.payload);
    case TAG_EMPTY: return right(0.0);
    case TAG_ERROR: return wrong(value.payload);
    default: {
        const TextFacts* text = image.text(value.payload);
        return text ? number_of(as_condition ? text->as_condition : text->as_number) : wrong(VALUE);
    }
    }
}

ON_DEVICE double selected(double a, double b, double c) {
    Outcome truth = number_of(a);
    return truth.error != NO_ERROR ? packed_error(truth.error) : normal_slot(truth.number != 0.0 ? b : c);
}

ON_DEVICE double packed_condition(double a) {
    Outcome truth = number_of(a);
    return truth.error != NO_ERROR ? packed_error(truth.error) : tagged(TAG_BOOL, truth.number != 0.0);
}

// The result of an elementwise opcode for one trial; `b` is the mask of OP_HAS_KIND as a number.
ON_DEVICE double applied(u32 opcode, const Image& image, double a, double b, double c) {
    switch (opcode) {
    case OP_SELECT: return selected(a, b, c);
    case OP_VALUE_LESS:
    case OP_VALUE_LESS_EQUAL:
    case OP_VALUE_EQUAL:
    case OP_VALUE_NOT_EQUAL: return packed(comparison(opcode, image, unpacked(a), unpacked(b)));
    case OP_HAS_KIND: return condition((u32)b >> kind_bit(unpacked(a)) & 1);
    case OP_PACK_CONDITION: return packed_condition(a);
    case OP_TO_NUMBER: return packed(coerced(image, unpacked(a), false));
    case OP_TO_CONDITION: return packed(coerced(image, unpacked(a), true));
    default: break;
    }
    Outcome first = number_of(a);
    if (first.error != NO_ERROR) return packed_error(first.error);
    if (!takes_two(opcode)) return packed(of_one_number(opcode, first.number));
    Outcome second = number_of(b);
    if (second.error != NO_ERROR) return packed_error(second.error);
    return packed(of_two_numbers(opcode, first.number, second.number));
}
