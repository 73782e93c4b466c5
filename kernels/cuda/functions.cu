// What generated code calls: draws, and every instruction that it does not write itself or that comes to no number.
//
// Each function is the interpreter's for one opcode, so that nothing is looked up at run time, and generated code takes
// along only those that it calls. `words` is the image; an input or a group is told by its record's place in it.
#include "functions.cuh"
#include "trial.cuh"

#define CALLED extern "C" __device__ __noinline__

// The uniform of an input whose trials are independent.
CALLED double fermiac_uniform(const u64* words, u64 input_at, u64 trial) {
    Image image = {words};
    return uniform(image.header().seed, image.part<Input>(input_at)->stream, trial);
}

// The same, where seed and stream are at hand.
CALLED double fermiac_independent(u64 seed, u64 stream, u64 trial) { return uniform(seed, stream, trial); }

// The uniforms of a pair of trials.
CALLED Two fermiac_uniforms(u64 seed, u64 stream, u64 pair) { return uniforms(seed, stream, pair); }

// The draw of a standard normal, by the table whose rows are at that place.
CALLED double fermiac_standard_normal(const u64* words, u64 rows_at, double u) {
    return quantile_by_rows(Image{words}.part<double>(rows_at), u);
}

// Of numbers: what comes to none is for the function of the opcode.
CALLED double fermiac_exponential(double x) { return exponential(x); }
CALLED double fermiac_logarithm(double x) { return logarithm(x); }

// The uniform of any input.
CALLED double fermiac_stratified(const u64* words, u64 input_at, u64 trial) {
    Image image = {words};
    return uniform_of_input(image, *image.part<Input>(input_at), trial);
}

// Ties the uniforms of a group, in `draws` by their inputs' numbers.
CALLED void fermiac_correlate(const u64* words, u64 group_at, double* draws) {
    Image image = {words};
    correlate(image, *image.part<CorrelationGroup>(group_at), Memory{draws, 1});
}

// The draw of an input of a family that a uniform stands for.
#define OF_FAMILY(NAME, FAMILY)                                                                                        \
    CALLED double fermiac_draw_##NAME(const u64* words, u64 input_at, double u) {                                      \
        Image image = {words};                                                                                         \
        return draw_of_family(image, *image.part<Input>(input_at), FAMILY, u);                                         \
    }

#define OF_ONE(NAME, OPCODE)                                                                                           \
    CALLED double fermiac_##NAME(const u64* words, double a) { return applied(OPCODE, Image{words}, a, 0.0, 0.0); }

#define OF_TWO(NAME, OPCODE)                                                                                           \
    CALLED double fermiac_##NAME(const u64* words, double a, double b) {                                               \
        return applied(OPCODE, Image{words}, a, b, 0.0);                                                               \
    }

#define OF_THREE(NAME, OPCODE)                                                                                         \
    CALLED double fermiac_##NAME(const u64* words, double a, double b, double c) {                                     \
        return applied(OPCODE, Image{words}, a, b, c);                                                                 \
    }

// A run of `length` arguments of the plan from `first` on, of which those that are slots lie in `slots` by number.
#define OF_RUN(NAME, OPCODE)                                                                                           \
    CALLED double fermiac_##NAME(const u64* words, u32 first, u32 length, double* slots, double c) {                   \
        Image image = {words};                                                                                         \
        Operands operands = {image, Memory{slots, 1}};                                                                 \
        const u32* arguments = image.part<u32>(image.header().arguments_at);                                           \
        return applied_to_run(OPCODE, Run{operands, arguments + first, length}, c);                                    \
    }

EACH_FAMILY(OF_FAMILY)
EACH_OF_ONE(OF_ONE)
EACH_OF_TWO(OF_TWO)
EACH_OF_THREE(OF_THREE)
EACH_OF_RUN(OF_RUN)
