// The headers of the kernel as a program for the processor, so that they are tested where there is no GPU.
//
// Requests come on the standard input and replies go to the standard output, both as 64-bit words. A request begins with
// its kind, a selector, the words of an image (0 for none) and a count; then come the image and `count` items.
//
//     kind            selector      an item                        the reply
//     0 function      its number    three numbers                  one number an item
//     1 instruction   its opcode    three packed values            one packed value an item
//     2 draws         an input      a uniform                      one number an item
//     3 trials        the first     none                           the wanted columns, one after the other
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "trial.cuh"

static void read_words(void* to, size_t count) {
    if (std::fread(to, sizeof(u64), count, stdin) != count) std::exit(2);
}

static void write_words(const std::vector<double>& words) {
    if (std::fwrite(words.data(), sizeof(double), words.size(), stdout) != words.size()) std::exit(2);
    if (std::fflush(stdout) != 0) std::exit(2);
}

// A function of the mathematics by number, in the order of the test's list.
static double function(u64 number, const double* a) {
    switch (number) {
    case 0: return exponential(a[0]);
    case 1: return logarithm(a[0]);
    case 2: return logarithm_of_one_plus(a[0]);
    case 3: return decimal_logarithm(a[0]);
    case 4: return raised(a[0], a[1]);
    case 5: return normal_cdf(a[0]);
    case 6: return normal_pdf(a[0]);
    case 7: return normal_quantile(a[0]);
    case 8: return rounded_at(a[0], (i32)a[1], HALF_AWAY);
    case 9: return rounded_at(a[0], (i32)a[1], UP);
    case 10: return rounded_at(a[0], (i32)a[1], DOWN);
    case 11: return ln_gamma(a[0]);
    case 12: return beta_quantile(beta_of(a[0], a[1]), a[2]);
    case 13: return at_15_digits(a[0]);
    default: std::exit(3);
    }
}

static std::vector<double> functions(u64 number, u64 count) {
    std::vector<double> operands(3 * count), results(count);
    read_words(operands.data(), operands.size());
    for (u64 item = 0; item < count; item++) results[item] = function(number, &operands[3 * item]);
    return results;
}

static std::vector<double> instructions(u64 opcode, const Image& image, u64 count) {
    std::vector<double> operands(3 * count), results(count);
    read_words(operands.data(), operands.size());
    for (u64 item = 0; item < count; item++) {
        const double* a = &operands[3 * item];
        results[item] = applied((u32)opcode, image, a[0], a[1], a[2]);
    }
    return results;
}

static std::vector<double> draws(u64 input, const Image& image, u64 count) {
    std::vector<double> values(count);
    read_words(values.data(), count);
    for (double& value : values) value = draw_of(image, image.part<Input>(image.header().inputs_at)[input], value);
    return values;
}

static std::vector<double> trials(u64 first_trial, const Image& image, u64 count) {
    const Header& header = image.header();
    const u64* places = image.part<u64>(header.columns_at);
    u64 wanted = 0;
    for (u64 column = 0; column < header.columns; column++) wanted += places[column] != NOT_WANTED;
    std::vector<double> memory(header.slots + header.inputs), columns(wanted * count);
    for (u64 index = 0; index < count; index++) {
        evaluate(image, first_trial + index, Memory{memory.data(), 1}, Columns{places, columns.data(), count, index});
    }
    return columns;
}

int main() {
    u64 request[4];
    while (std::fread(request, sizeof(u64), 4, stdin) == 4) {
        std::vector<u64> words(request[2]);
        read_words(words.data(), words.size());
        Image image = {words.data()};
        switch (request[0]) {
        case 0: write_words(functions(request[1], request[3])); break;
        case 1: write_words(instructions(request[1], image, request[3])); break;
        case 2: write_words(draws(request[1], image, request[3])); break;
        case 3: write_words(trials(request[1], image, request[3])); break;
        default: return 3;
        }
    }
    return 0;
}
