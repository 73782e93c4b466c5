// PTX on the processor: a kernel as it is made for a plan, run thread by thread.
//
// It knows the instructions that such kernels are written in and no others, and is stricter than a GPU: an unknown word,
// an operand of another type, or a register that is read before it was written is an error. What a kernel calls are the
// functions of functions.cu, compiled for the processor; those that come in place of calls are run as NVIDIA's compiler wrote
// them. A NaN that an operation makes is NVIDIA's own, whatever went in.
#pragma once
#include <cctype>
#include <cstring>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "ptx_operations.hpp"

namespace ptx {

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Register {
    std::string name;
    char type;
};

// A number, a register, or (its offset in `value`) a memory that begins where a register says or a variable does.
struct Operand {
    enum { NUMBER, REGISTER, IN_MEMORY, VARIABLE, IN_VARIABLE } kind;
    u64 value;
    int place;
};

struct Instruction {
    enum { COMPUTE, BRANCH, RETURN } kind = COMPUTE;
    Compute compute = nullptr;
    int result = -1;
    std::vector<Operand> operands;
    // The condition that it waits for, if not -1, and what that has to be.
    int guard = -1;
    u64 wanted = 1;
    std::string label;
    size_t target = 0;
};

struct Variable {
    size_t bytes;
    bool is_parameter;
    // What it holds, if that is told.
    std::vector<u64> words;
};

class Kernel {
  public:
    explicit Kernel(const std::string& text) {
        // The functions before it are compiled from their source.
        size_t start = text.find(".visible .entry fermiac_generated(");
        if (start == std::string::npos) throw Error("there is no kernel in it");
        for (const char* name : {"%ctaid.x", "%nctaid.x", "%ntid.x", "%tid.x"}) {
            places_.emplace(name, (int)registers_.size());
            registers_.push_back({name, 'w'});
        }
        // But constants lie there.
        size_t constants = text.rfind("\n.global .align 8 .f64 fermiac_constants[", start);
        if (constants != std::string::npos) start = constants + 1;
        std::istringstream lines(text.substr(start));
        std::string line;
        bool has_ended = false;
        while (std::getline(lines, line)) {
            std::vector<std::string> words = words_of(line);
            if (has_ended && !words.empty()) throw Error("something follows the kernel: " + line);
            has_ended = line == "}";
            if (words.empty() || line == "{" || line == ")" || has_ended || words[0] == ".visible") continue;
            try {
                read(words);
            } catch (const Error& error) {
                throw Error(std::string(error.what()) + ": " + line);
            }
        }
        for (Instruction& instruction : code_) {
            if (instruction.kind != Instruction::BRANCH) continue;
            if (!labels_.count(instruction.label)) throw Error("there is no " + instruction.label);
            instruction.target = labels_[instruction.label];
        }
    }

    // Runs one thread, which is told by where it is in its block and where that is in the grid.
    void run(const std::vector<u64>& grid, const std::vector<u64>& arguments) const {
        std::vector<u64> values(registers_.size());
        std::vector<char> is_written(registers_.size());
        for (int place = 0; place < 4; place++) values[place] = grid[place], is_written[place] = 1;
        std::vector<std::vector<u64>> variables;
        size_t parameter = 0;
        for (const Variable& variable : variables_) {
            bool is_told = variable.is_parameter;
            variables.emplace_back(variable.bytes / 8, is_told ? arguments[parameter] : 0x7ff4deadbeef0000ull);
            if (!variable.words.empty()) variables.back() = variable.words;
            parameter += is_told;
        }
        auto read = [&](int place) {
            if (!is_written[place]) throw Error(registers_[place].name + " is read before it was written");
            return values[place];
        };
        for (size_t next = 0; next < code_.size(); next++) {
            const Instruction& instruction = code_[next];
            if (instruction.guard >= 0 && read(instruction.guard) != instruction.wanted) continue;
            if (instruction.kind == Instruction::RETURN) return;
            if (instruction.kind == Instruction::BRANCH) {
                next = instruction.target - 1;
                continue;
            }
            u64 operands[8] = {};
            for (size_t place = 0; place < instruction.operands.size(); place++) {
                const Operand& operand = instruction.operands[place];
                u64& value = operands[place];
                switch (operand.kind) {
                case Operand::NUMBER: value = operand.value; break;
                case Operand::REGISTER: value = read(operand.place); break;
                case Operand::IN_MEMORY: value = read(operand.place) + operand.value; break;
                case Operand::VARIABLE: value = (u64)variables[operand.place].data(); break;
                case Operand::IN_VARIABLE:
                    value = variables_[operand.place].is_parameter
                        ? variables[operand.place][0]
                        : (u64)variables[operand.place].data() + operand.value;
                }
            }
            u64 result = instruction.compute(operands);
            if (instruction.result >= 0) values[instruction.result] = result, is_written[instruction.result] = 1;
        }
        throw Error("it runs past its end");
    }

  private:
    // Names, numbers, and brackets of all kinds; commas and semicolons only part them.
    static std::vector<std::string> words_of(const std::string& line) {
        std::vector<std::string> words;
        bool is_within = false;
        for (char letter : line) {
            if (std::isspace((unsigned char)letter) || letter == ',' || letter == ';') {
                is_within = false;
            } else if (std::strchr("()[]{}<>:@!+", letter)) {
                words.emplace_back(1, letter), is_within = false;
            } else {
                if (!is_within) words.emplace_back();
                words.back() += letter, is_within = true;
            }
        }
        return words;
    }

    void read(std::vector<std::string> words) {
        if (words[0] == ".reg") return declare_registers(words);
        if (words[0] == ".param") return declare(words.back(), Variable{8, true, {}});
        if (words[0] == ".global") return declare_constants(words);
        // A wish, of the assembler's.
        if (words[0] == ".pragma") return;
        if (words[0] == ".local") return declare(words[4], Variable{std::stoul(words[6]), false, {}});
        if (words.size() == 2 && words[1] == ":") {
            if (!labels_.emplace(words[0], code_.size()).second) throw Error("it has been before");
            return;
        }
        Instruction instruction;
        if (words[0] == "@") {
            instruction.wanted = words[1] != "!";
            size_t guard = instruction.wanted ? 1 : 2;
            instruction.guard = register_of(words[guard], 'p');
            words.erase(words.begin(), words.begin() + (long)guard + 1);
        }
        std::string name = words[0];
        words.erase(words.begin());
        if (name == "ld.global.nc.v2.f64") return read_two(words);
        if (name == "ret") {
            instruction.kind = Instruction::RETURN;
        } else if (name == "bra" || name == "bra.uni") {
            instruction.kind = Instruction::BRANCH;
            instruction.label = words[0];
        } else if (name == "call") {
            read_call(instruction, words);
        } else {
            read_operands(instruction, found(operations(), name), words);
        }
        code_.push_back(instruction);
    }

    // {first, second}, [register]   as two instructions.
    void read_two(const std::vector<std::string>& words) {
        if (words.size() != 7 || words[0] != "{" || words[3] != "}" || words[1] == words[5]) throw Error("these are no two");
        std::vector<std::string> second = {words[2], "[", words[5], "+", "8", "]"};
        for (const auto& load : {std::vector<std::string>{words[1], "[", words[5], "]"}, second}) {
            Instruction instruction;
            read_operands(instruction, found(operations(), "ld.global.nc.f64"), load);
            code_.push_back(instruction);
        }
    }

    static const Operation& found(const std::map<std::string, Operation>& all, const std::string& name) {
        auto found = all.find(name);
        if (found == all.end()) throw Error("unknown: " + name);
        return found->second;
    }

    // call (result), function, (arguments)
    void read_call(Instruction& instruction, const std::vector<std::string>& words) {
        size_t at = words[0] == "(" ? 3 : 0;
        const Operation& function = found(functions(), words[at]);
        if ((function.types[0] == 'v') != (at == 0)) throw Error("a result more or less");
        if (words[at + 1] != "(" || words.back() != ")") throw Error("a call without its arguments");
        std::vector<std::string> operands(words.begin() + (long)at + 2, words.end() - 1);
        if (at) operands.insert(operands.begin(), words[1]);
        read_operands(instruction, function, operands);
    }

    void read_operands(Instruction& instruction, const Operation& operation, const std::vector<std::string>& words) {
        instruction.compute = operation.compute;
        size_t word = 0;
        for (size_t place = 0; place < operation.types.size(); place++) {
            char type = operation.types[place];
            if (place == 0 && type == 'v') continue;
            if (word >= words.size()) throw Error("an operand is missing");
            if (place == 0) {
                instruction.result = register_of(words[word++], type);
            } else {
                instruction.operands.push_back(operand_of(words, word, type));
            }
        }
        if (word != words.size()) throw Error("an operand too many");
    }

    Operand operand_of(const std::vector<std::string>& words, size_t& word, char type) {
        const std::string& first = words[word];
        if (type == 'm') {
            if (first != "[" || word + 2 >= words.size()) throw Error("this is no address");
            const std::string& name = words[word + 1];
            bool has_offset = words[word + 2] == "+";
            u64 offset = has_offset ? std::stoull(words[word + 3]) : 0;
            word += has_offset ? 5 : 3;
            if (words[word - 1] != "]") throw Error("this is no address");
            if (name[0] == '%') return Operand{Operand::IN_MEMORY, offset, register_of(name, 'u')};
            int variable = variable_of(name);
            if (offset + 8 > variables_[variable].bytes) throw Error("this is past its end");
            return Operand{Operand::IN_VARIABLE, offset, variable};
        }
        word++;
        if (first[0] == '%') return Operand{Operand::REGISTER, 0, register_of(first, type)};
        if (type == 'd' && first.size() == 18 && first.compare(0, 2, "0d") == 0) {
            return Operand{Operand::NUMBER, std::stoull(first.substr(2), nullptr, 16), 0};
        }
        if ((type == 'u' || type == 'w') && (std::isdigit((unsigned char)first[0]) || first[0] == '-')) {
            u64 number = first[0] == '-' ? (u64)std::stoll(first) : std::stoull(first);
            return Operand{Operand::NUMBER, type == 'w' ? (u32)number : number, 0};
        }
        if (type == 'u') return Operand{Operand::VARIABLE, 0, variable_of(first)};
        throw Error("an operand of another type");
    }

    // .reg .f64 %f<9>   or   .reg .u64 %a, %b
    void declare_registers(const std::vector<std::string>& words) {
        static const std::map<std::string, char> types = {{".f64", 'd'}, {".u64", 'u'}, {".b64", 'u'}, {".u32", 'w'}, {".b32", 'w'}, {".pred", 'p'}};
        auto type = types.find(words[1]);
        if (type == types.end()) throw Error("unknown: " + words[1]);
        bool are_many = words.size() == 6 && words[3] == "<";
        size_t count = are_many ? std::stoul(words[4]) : words.size() - 2;
        for (size_t place = 0; place < count; place++) {
            std::string name = are_many ? words[2] + std::to_string(place) : words[2 + place];
            if (!places_.emplace(name, (int)registers_.size()).second) throw Error(name + " has been before");
            registers_.push_back({name, type->second});
        }
    }

    // .global .align 8 .f64 constants[2] = {0d3FF0000000000000, 0d4000000000000000}
    void declare_constants(const std::vector<std::string>& words) {
        size_t count = words.size() > 10 ? std::stoul(words[6]) : 0;
        if (words.size() != count + 11 || words[8] != "=") throw Error("these are no constants");
        Variable variable = {8 * count, false, {}};
        for (size_t place = 0; place < count; place++) {
            variable.words.push_back(std::stoull(words[10 + place].substr(2), nullptr, 16));
        }
        declare(words[4], variable);
    }

    void declare(const std::string& name, Variable variable) {
        if (!variable_places_.emplace(name, (int)variables_.size()).second) throw Error("it has been before");
        variables_.push_back(variable);
    }

    int register_of(const std::string& name, char type) const {
        auto place = places_.find(name);
        if (place == places_.end()) throw Error("there is no " + name);
        char own = registers_[place->second].type;
        if (own != type && !(type == 'x' && (own == 'd' || own == 'u'))) throw Error(name + " is of another type");
        return place->second;
    }

    int variable_of(const std::string& name) const {
        auto place = variable_places_.find(name);
        if (place == variable_places_.end()) throw Error("there is no " + name);
        return place->second;
    }

    std::vector<Register> registers_;
    std::map<std::string, int> places_;
    std::vector<Variable> variables_;
    std::map<std::string, int> variable_places_;
    std::map<std::string, size_t> labels_;
    std::vector<Instruction> code_;
};

}
