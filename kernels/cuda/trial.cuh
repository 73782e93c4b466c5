// One trial: its draws, then the tape. Peer of kernels/src/engine/cpu/walk.rs, which walks the tape for many at a time.
#pragma once
#include "plan/run.cuh"
#include "plan/scalar.cuh"
#include "random/copula.cuh"
#include "random/draw.cuh"
#include "random/sampling.cuh"

// The wanted columns of one trial.
struct Columns {
    const u64* places;
    double* values;
    // From one column to the next.
    u64 trials;
    u64 index;

    ON_DEVICE_MEMBER void put(u64 column, double value) const {
        u64 place = places[column];
        if (place != NOT_WANTED) values[place * trials + index] = value;
    }
};

// Writes the trial's draws to `draws`, and to their columns.
ON_DEVICE void draw_inputs(const Image& image, u64 trial, Memory draws, const Columns& columns) {
    const Header& header = image.header();
    const Input* inputs = image.part<Input>(header.inputs_at);
    const CorrelationGroup* groups = image.part<CorrelationGroup>(header.groups_at);
    for (u64 input = 0; input < header.inputs; input++) {
        draws[input] = uniform_of_input(image, inputs[input], trial);
    }
    for (u64 group = 0; group < header.groups; group++) correlate(image, groups[group], draws);
    for (u64 input = 0; input < header.inputs; input++) {
        double value = draw_of(image, inputs[input], draws[input]);
        draws[input] = value;
        columns.put(input, value);
    }
}

ON_DEVICE double result_of(const Instruction& instruction, const Operands& operands, Memory draws) {
    u32 opcode = instruction.opcode;
    if (opcode == OP_DRAW) return draws[instruction.a];
    if (opcode >= OP_SMALLEST) {
        const u32* arguments = operands.image.part<u32>(operands.image.header().arguments_at);
        Run run = {operands, arguments + instruction.a, instruction.b};
        return applied_to_run(opcode, run, opcode == OP_MEDIAN ? 0.0 : operands.at(instruction.c));
    }
    double a = operands.at(instruction.a);
    if (opcode == OP_HAS_KIND) return applied(opcode, operands.image, a, (double)instruction.b, 0.0);
    bool has_second = opcode == OP_SELECT || takes_two(opcode);
    double b = has_second ? operands.at(instruction.b) : 0.0;
    double c = opcode == OP_SELECT ? operands.at(instruction.c) : 0.0;
    return applied(opcode, operands.image, a, b, c);
}

// Evaluates a trial in memory for every slot and every input, and puts what is wanted into its columns.
ON_DEVICE void evaluate(const Image& image, u64 trial, Memory memory, const Columns& columns) {
    const Header& header = image.header();
    Memory draws = memory.from(header.slots);
    draw_inputs(image, trial, draws, columns);
    Operands operands = {image, memory};
    const Instruction* instructions = image.part<Instruction>(header.instructions_at);
    for (u64 place = 0; place < header.instructions; place++) {
        const Instruction& instruction = instructions[place];
        double result = result_of(instruction, operands, draws);
        if (instruction.opcode == OP_STORE) {
            columns.put(instruction.destination, result);
        } else {
            memory[instruction.destination] = result;
        }
    }
}
