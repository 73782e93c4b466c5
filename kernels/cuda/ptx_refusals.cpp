// Whether ptx.hpp is as strict as it says: reads a kernel from the standard input, runs one thread of it, and prints what
// is wrong with it, or nothing.
#include <cstdio>
#include <iostream>
#include <iterator>

#define __device__
#define __noinline__
#include "ptx.hpp"

int main() {
    std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    try {
        ptx::Kernel(text).run({0, 1, 1, 0}, {0, 0, 1, 0, 0});
    } catch (const std::exception& error) {
        std::puts(error.what());
    }
    return 0;
}
