// What generated code calls, by name: one list for the functions themselves and for those who look them up.
//
// A name is that of the opcode in model/src/plan/opcode.rs, or of the family in plan/image.cuh.
#pragma once

#define EACH_OF_ONE(X)                                                                                                 \
    X(store, OP_STORE) X(negate, OP_NEGATE) X(absolute, OP_ABSOLUTE) X(sign, OP_SIGN)                                  \
    X(square_root, OP_SQUARE_ROOT) X(exp, OP_EXP) X(ln, OP_LN) X(log10, OP_LOG10) X(floor, OP_FLOOR)                   \
    X(normal_cdf, OP_NORMAL_CDF) X(normal_pdf, OP_NORMAL_PDF) X(normal_quantile, OP_NORMAL_QUANTILE)                   \
    X(pack_condition, OP_PACK_CONDITION) X(to_number, OP_TO_NUMBER) X(to_condition, OP_TO_CONDITION)

// The mask of `has_kind` is a number here.
#define EACH_OF_TWO(X)                                                                                                 \
    X(add, OP_ADD) X(subtract, OP_SUBTRACT) X(multiply, OP_MULTIPLY) X(divide, OP_DIVIDE) X(power, OP_POWER)           \
    X(modulo, OP_MODULO) X(round, OP_ROUND) X(round_up, OP_ROUND_UP) X(round_down, OP_ROUND_DOWN)                      \
    X(minimum, OP_MINIMUM) X(maximum, OP_MAXIMUM) X(less, OP_LESS) X(less_equal, OP_LESS_EQUAL)                        \
    X(equal, OP_EQUAL) X(not_equal, OP_NOT_EQUAL) X(value_less, OP_VALUE_LESS)                                         \
    X(value_less_equal, OP_VALUE_LESS_EQUAL) X(value_equal, OP_VALUE_EQUAL)                                            \
    X(value_not_equal, OP_VALUE_NOT_EQUAL) X(has_kind, OP_HAS_KIND)

#define EACH_OF_THREE(X) X(select, OP_SELECT)

#define EACH_OF_RUN(X)                                                                                                 \
    X(smallest, OP_SMALLEST) X(greatest, OP_GREATEST) X(median, OP_MEDIAN) X(pick, OP_PICK)                            \
    X(match_exact, OP_MATCH_EXACT) X(match_ascending, OP_MATCH_ASCENDING) X(match_descending, OP_MATCH_DESCENDING)     \
    X(internal_rate, OP_INTERNAL_RATE)

#define EACH_FAMILY(X)                                                                                                 \
    X(constant, CONSTANT) X(uniform, UNIFORM) X(normal, NORMAL) X(lognormal, LOGNORMAL) X(triangular, TRIANGULAR)      \
    X(exponential_below, EXPONENTIAL_BELOW) X(exponential_above, EXPONENTIAL_ABOVE) X(beta, BETA)                      \
    X(integers, INTEGERS) X(steps, STEPS)
