// Twin of model/src/plan/opcode.rs: the one list of operations. A test holds the numbers.
#pragma once
#include "../exact.cuh"

enum Opcode {
    OP_DRAW = 0, OP_STORE = 1, OP_ADD = 2, OP_SUBTRACT = 3, OP_MULTIPLY = 4, OP_DIVIDE = 5, OP_POWER = 6,
    OP_NEGATE = 7, OP_ABSOLUTE = 8, OP_SIGN = 9, OP_SQUARE_ROOT = 10, OP_EXP = 11, OP_LN = 12, OP_LOG10 = 13,
    OP_MODULO = 14, OP_FLOOR = 15, OP_ROUND = 16, OP_ROUND_UP = 17, OP_ROUND_DOWN = 18, OP_MINIMUM = 19,
    OP_MAXIMUM = 20, OP_NORMAL_CDF = 21, OP_NORMAL_PDF = 22, OP_NORMAL_QUANTILE = 23, OP_LESS = 24,
    OP_LESS_EQUAL = 25, OP_EQUAL = 26, OP_NOT_EQUAL = 27, OP_SELECT = 28, OP_VALUE_LESS = 29,
    OP_VALUE_LESS_EQUAL = 30, OP_VALUE_EQUAL = 31, OP_VALUE_NOT_EQUAL = 32, OP_HAS_KIND = 33, OP_PACK_CONDITION = 34,
    OP_TO_NUMBER = 35, OP_TO_CONDITION = 36, OP_SMALLEST = 37, OP_GREATEST = 38, OP_MEDIAN = 39, OP_PICK = 40,
    OP_MATCH_EXACT = 41, OP_MATCH_ASCENDING = 42, OP_MATCH_DESCENDING = 43, OP_INTERNAL_RATE = 44,
};

// Whether an elementwise opcode has two operands; OP_SELECT has three, the others have one.
ON_DEVICE bool takes_two(u32 opcode) {
    return (opcode >= OP_ADD && opcode <= OP_POWER) || (opcode >= OP_MODULO && opcode <= OP_MAXIMUM && opcode != OP_FLOOR)
        || (opcode >= OP_LESS && opcode <= OP_NOT_EQUAL) || (opcode >= OP_VALUE_LESS && opcode <= OP_VALUE_NOT_EQUAL);
}
