// What the instructions of a generated kernel do, and the functions that it calls: of a word of PTX, how to compute it.
#pragma once
#include <map>
#include <string>

#include "functions.cu"

namespace ptx {

// Types of operands: d a double, u 64 bits, x either, w 32 bits, p a condition, m a place in memory, v nothing.
using Compute = u64 (*)(const u64*);

struct Operation {
    // What it gives, then what it takes.
    std::string types;
    Compute compute;
};

inline u64 number(double x) { return x != x ? 0xfff8000000000000ull : bits_of(x); }
inline double at(const u64* words, int place) { return from_bits(words[place]); }

inline const std::map<std::string, Operation>& operations() {
    static const std::map<std::string, Operation> all = {
        {"add.rn.f64", {"ddd", [](const u64* a) { return number(at(a, 0) + at(a, 1)); }}},
        {"sub.rn.f64", {"ddd", [](const u64* a) { return number(at(a, 0) - at(a, 1)); }}},
        {"mul.rn.f64", {"ddd", [](const u64* a) { return number(at(a, 0) * at(a, 1)); }}},
        {"div.rn.f64", {"ddd", [](const u64* a) { return number(at(a, 0) / at(a, 1)); }}},
        {"sqrt.rn.f64", {"dd", [](const u64* a) { return number(square_root(at(a, 0))); }}},
        {"neg.f64", {"dd", [](const u64* a) { return number(-at(a, 0)); }}},
        {"abs.f64", {"dd", [](const u64* a) { return number(magnitude_of(at(a, 0))); }}},
        {"cvt.rmi.f64.f64", {"dd", [](const u64* a) { return number(floor(at(a, 0))); }}},
        {"mov.f64", {"dd", [](const u64* a) { return a[0]; }}},
        {"selp.f64", {"dddp", [](const u64* a) { return a[2] ? a[0] : a[1]; }}},
        {"setp.lt.f64", {"pdd", [](const u64* a) { return (u64)(at(a, 0) < at(a, 1)); }}},
        {"setp.le.f64", {"pdd", [](const u64* a) { return (u64)(at(a, 0) <= at(a, 1)); }}},
        {"setp.gt.f64", {"pdd", [](const u64* a) { return (u64)(at(a, 0) > at(a, 1)); }}},
        {"setp.eq.f64", {"pdd", [](const u64* a) { return (u64)(at(a, 0) == at(a, 1)); }}},
        // Does not hold where either is a NaN.
        {"setp.ne.f64", {"pdd", [](const u64* a) { return (u64)(at(a, 0) < at(a, 1) || at(a, 0) > at(a, 1)); }}},
        {"setp.le.and.f64", {"pddp", [](const u64* a) { return (u64)(at(a, 0) <= at(a, 1) && a[2]); }}},
        {"setp.eq.or.f64", {"pddp", [](const u64* a) { return (u64)(at(a, 0) == at(a, 1) || a[2]); }}},
        {"setp.lt.u64", {"puu", [](const u64* a) { return (u64)(a[0] < a[1]); }}},
        {"setp.ge.u64", {"puu", [](const u64* a) { return (u64)(a[0] >= a[1]); }}},
        {"setp.ltu.f64", {"pdd", [](const u64* a) { return (u64) !(at(a, 0) >= at(a, 1)); }}},
        {"setp.gt.u64", {"puu", [](const u64* a) { return (u64)(a[0] > a[1]); }}},
        {"setp.eq.b64", {"puu", [](const u64* a) { return (u64)(a[0] == a[1]); }}},
        {"selp.b32", {"wwwp", [](const u64* a) { return a[2] ? a[0] : a[1]; }}},
        {"fma.rn.f64", {"dddd", [](const u64* a) { return number(fused(at(a, 0), at(a, 1), at(a, 2))); }}},
        {"and.pred", {"ppp", [](const u64* a) { return a[0] & a[1]; }}},
        {"mov.b64", {"xx", [](const u64* a) { return a[0]; }}},
        {"and.b64", {"uuu", [](const u64* a) { return a[0] & a[1]; }}},
        {"or.b64", {"uuu", [](const u64* a) { return a[0] | a[1]; }}},
        {"shr.u64", {"uuu", [](const u64* a) { return a[0] >> a[1]; }}},
        {"add.s64", {"uuu", [](const u64* a) { return a[0] + a[1]; }}},
        {"sub.s64", {"uuu", [](const u64* a) { return a[0] - a[1]; }}},
        {"cvt.u32.u64", {"wu", [](const u64* a) { return (u64)(u32)a[0]; }}},
        {"add.s32", {"www", [](const u64* a) { return (u64)(u32)(a[0] + a[1]); }}},
        {"xor.b32", {"www", [](const u64* a) { return a[0] ^ a[1]; }}},
        {"shr.u32", {"www", [](const u64* a) { return a[0] >> a[1]; }}},
        {"mul.lo.s32", {"www", [](const u64* a) { return (u64)(u32)(a[0] * a[1]); }}},
        {"mul.hi.u32", {"www", [](const u64* a) { return a[0] * a[1] >> 32; }}},
        {"mov.u64", {"uu", [](const u64* a) { return a[0]; }}},
        {"mov.u32", {"ww", [](const u64* a) { return a[0]; }}},
        {"cvt.u64.u32", {"uw", [](const u64* a) { return a[0]; }}},
        {"and.b32", {"www", [](const u64* a) { return a[0] & a[1]; }}},
        {"mad.wide.u32", {"uwwu", [](const u64* a) { return a[0] * a[1] + a[2]; }}},
        {"mul.wide.u32", {"uww", [](const u64* a) { return a[0] * a[1]; }}},
        {"add.u64", {"uuu", [](const u64* a) { return a[0] + a[1]; }}},
        {"shl.b64", {"uuu", [](const u64* a) { return a[0] << a[1]; }}},
        {"mad.lo.u64", {"uuuu", [](const u64* a) { return a[0] * a[1] + a[2]; }}},
        // All memory is one here.
        {"cvta.to.global.u64", {"uu", [](const u64* a) { return a[0]; }}},
        {"cvta.local.u64", {"uu", [](const u64* a) { return a[0]; }}},
        {"ld.param.u64", {"um", [](const u64* a) { return a[0]; }}},
        {"ld.global.nc.u64", {"um", [](const u64* a) { return *(const u64*)a[0]; }}},
        {"ld.global.nc.u32", {"wm", [](const u64* a) { return (u64) * (const u32*)a[0]; }}},
        {"ld.global.nc.f64", {"dm", [](const u64* a) { return *(const u64*)a[0]; }}},
        {"ld.local.f64", {"dm", [](const u64* a) { return *(const u64*)a[0]; }}},
        {"st.local.f64", {"vmd", [](const u64* a) { return *(u64*)a[0] = a[1]; }}},
        {"st.global.f64", {"vmd", [](const u64* a) { return *(u64*)a[0] = a[1]; }}},
    };
    return all;
}

inline const u64* words(u64 pointer) { return (const u64*)pointer; }

inline const std::map<std::string, Operation>& functions() {
#define ENTRY_OF_FAMILY(NAME, FAMILY)                                                                                  \
    {"fermiac_draw_" #NAME,                                                                                            \
     {"duud", [](const u64* a) { return bits_of(fermiac_draw_##NAME(words(a[0]), a[1], at(a, 2))); }}},
#define ENTRY_OF_ONE(NAME, OPCODE)                                                                                     \
    {"fermiac_" #NAME, {"dud", [](const u64* a) { return bits_of(fermiac_##NAME(words(a[0]), at(a, 1))); }}},
#define ENTRY_OF_TWO(NAME, OPCODE)                                                                                     \
    {"fermiac_" #NAME, {"dudd", [](const u64* a) { return bits_of(fermiac_##NAME(words(a[0]), at(a, 1), at(a, 2))); }}},
#define ENTRY_OF_THREE(NAME, OPCODE)                                                                                   \
    {"fermiac_" #NAME,                                                                                                 \
     {"duddd", [](const u64* a) { return bits_of(fermiac_##NAME(words(a[0]), at(a, 1), at(a, 2), at(a, 3))); }}},
#define ENTRY_OF_RUN(NAME, OPCODE)                                                                                     \
    {"fermiac_" #NAME, {"duwwud", [](const u64* a) {                                                                   \
         return bits_of(fermiac_##NAME(words(a[0]), (u32)a[1], (u32)a[2], (double*)a[3], at(a, 4)));                   \
     }}},
    static const std::map<std::string, Operation> all = {
        {"fermiac_uniform", {"duuu", [](const u64* a) { return bits_of(fermiac_uniform(words(a[0]), a[1], a[2])); }}},
        {"fermiac_independent", {"duuu", [](const u64* a) { return bits_of(fermiac_independent(a[0], a[1], a[2])); }}},
        {"fermiac_standard_normal",
         {"duud", [](const u64* a) { return bits_of(fermiac_standard_normal(words(a[0]), a[1], at(a, 2))); }}},
        {"fermiac_exponential", {"dd", [](const u64* a) { return bits_of(fermiac_exponential(at(a, 0))); }}},
        {"fermiac_logarithm", {"dd", [](const u64* a) { return bits_of(fermiac_logarithm(at(a, 0))); }}},
        // As NVIDIA's compiler calls it.
        {"_Z20quantile_beyond_rowsd", {"dd", [](const u64* a) { return bits_of(quantile_beyond_rows(at(a, 0))); }}},
        {"fermiac_stratified",
         {"duuu", [](const u64* a) { return bits_of(fermiac_stratified(words(a[0]), a[1], a[2])); }}},
        {"fermiac_correlate",
         {"vuuu", [](const u64* a) { return fermiac_correlate(words(a[0]), a[1], (double*)a[2]), (u64)0; }}},
        EACH_FAMILY(ENTRY_OF_FAMILY) EACH_OF_ONE(ENTRY_OF_ONE) EACH_OF_TWO(ENTRY_OF_TWO) EACH_OF_THREE(ENTRY_OF_THREE)
            EACH_OF_RUN(ENTRY_OF_RUN)
    };
    return all;
}

}
