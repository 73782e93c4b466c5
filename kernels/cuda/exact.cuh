// The ground that both compilers stand on: words of known width, and the operations that IEEE 754 rounds one way only.
//
// A host's C++ compiler and NVIDIA's read the same headers. On either, + - x / are the language's own and must not be
// contracted (-ffp-contract=off, --fmad=false); what follows is all else that the functions here are made of.
#pragma once

#ifdef __CUDACC__

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;

#define ON_DEVICE __device__ inline
#define ON_DEVICE_MEMBER __device__
// For what is seldom called and large: a kernel of all such functions in place would keep too many registers.
#define CALLED_ON_DEVICE __device__ __noinline__
#define DEVICE_TABLE static __device__ const
#define UNROLL _Pragma("unroll")
#define UNROLL_BY_8 _Pragma("unroll 8")

ON_DEVICE double fused(double a, double b, double c) { return __fma_rn(a, b, c); }
ON_DEVICE double square_root(double x) { return __dsqrt_rn(x); }
ON_DEVICE u64 bits_of(double x) { return (u64)__double_as_longlong(x); }
ON_DEVICE double from_bits(u64 bits) { return __longlong_as_double((long long)bits); }
ON_DEVICE u32 reversed_bits(u32 bits) { return __brev(bits); }
// The upper half of a product.
ON_DEVICE u32 high_product(u32 a, u32 b) { return __umulhi(a, b); }

struct Two {
    double first, second;
};

// Two numbers, the first at an even place, in memory that nobody writes to.
ON_DEVICE Two two_at(const double* place) {
    double2 two = __ldg(reinterpret_cast<const double2*>(place));
    return Two{two.x, two.y};
}

#else

#include <cmath>
#include <cstdint>
#include <cstring>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;

#define ON_DEVICE static inline
#define ON_DEVICE_MEMBER
#define CALLED_ON_DEVICE static inline
#define DEVICE_TABLE static const
#define UNROLL
#define UNROLL_BY_8

using std::ceil;
using std::floor;
using std::trunc;

ON_DEVICE double fused(double a, double b, double c) { return std::fma(a, b, c); }
ON_DEVICE double square_root(double x) { return std::sqrt(x); }

ON_DEVICE u64 bits_of(double x) {
    u64 bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

ON_DEVICE double from_bits(u64 bits) {
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

ON_DEVICE u32 high_product(u32 a, u32 b) { return (u32)((u64)a * b >> 32); }

struct Two {
    double first, second;
};

ON_DEVICE Two two_at(const double* place) { return Two{place[0], place[1]}; }

ON_DEVICE u32 reversed_bits(u32 bits) {
    u32 reversed = 0;
    for (int place = 0; place < 32; place++) reversed |= (bits >> place & 1u) << (31 - place);
    return reversed;
}

#endif

#define SIGN_BIT 0x8000000000000000ull
#define EXPONENT_BITS 0x7ff0000000000000ull
#define MANTISSA_BITS 0x000fffffffffffffull
#define ONE_BITS 0x3ff0000000000000ull

#define LEAST_NORMAL 2.2250738585072014e-308
#define GREATEST_FINITE 1.7976931348623157e308

ON_DEVICE double infinity() { return from_bits(EXPONENT_BITS); }
ON_DEVICE double not_a_number() { return from_bits(0x7ff8000000000000ull); }
ON_DEVICE double magnitude_of(double x) { return from_bits(bits_of(x) & ~SIGN_BIT); }
ON_DEVICE bool has_sign(double x) { return (bits_of(x) & SIGN_BIT) != 0; }
ON_DEVICE bool is_finite(double x) { return (bits_of(x) & EXPONENT_BITS) != EXPONENT_BITS; }
ON_DEVICE bool is_nan(double x) { return x != x; }

ON_DEVICE double with_sign_of(double magnitude, double sign) {
    return from_bits((bits_of(magnitude) & ~SIGN_BIT) | (bits_of(sign) & SIGN_BIT));
}

ON_DEVICE double at_most(double x, double bound) { return x > bound ? bound : x; }
ON_DEVICE double at_least(double x, double bound) { return x < bound ? bound : x; }
ON_DEVICE double within(double x, double low, double high) { return at_most(at_least(x, low), high); }
