// The kernel: one thread one trial, and all threads of a warp at the same instruction, so that none waits for another.
//
// A tape's slots number from a handful to thousands, known only at launch: they lie in the block's shared memory where
// they fit, else in global memory, slot by slot so that the threads of a warp read neighbours. Either way there is no
// bound in the source, and the first cache holds what is in use.
#include "trial.cuh"

// Evaluates trials first_trial .. first_trial + trials into the wanted columns, each of which has room for `trials`.
//
// `memory` has room for (slots + inputs) numbers of every thread of the grid; where it is null, the block's shared
// memory has for every thread of the block.
extern "C" __global__ void fermiac_interpret(
    const u64* words, u64 first_trial, u64 trials, double* memory, double* columns
) {
    extern __shared__ double shared[];
    Image image = {words};
    const u64* places = image.part<u64>(image.header().columns_at);
    u64 thread = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    u64 threads = (u64)gridDim.x * blockDim.x;
    Memory own = memory ? Memory{memory + thread, threads} : Memory{shared + threadIdx.x, blockDim.x};
    for (u64 index = thread; index < trials; index += threads) {
        evaluate(image, first_trial + index, own, Columns{places, columns, trials, index});
    }
}
