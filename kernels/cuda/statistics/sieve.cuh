// Twin of the reading in kernels/src/statistics/sieve.rs: numbers counted by bins, and those near wanted ranks kept.
#pragma once
#include "../plan/value.cuh"

#define BINS 2048
#define CROWDS 16
#define SEGMENTS 160
// Of a bin, that its numbers are looked at; what is left of the mark says how many segments lie below it as a whole.
#define LOOKED_AT 0x80000000u

// Where an output's numbers are expected.
struct Mesh {
    double bins_per_unit;
    double first;
    double last;
    u64 crowds;
    u64 segments;
    // Numbers that come again and again, which have counters of their own.
    double crowd[CROWDS];
    double low[SEGMENTS];
    double high[SEGMENTS];
    u32 marks[BINS];
};

// The counters of an output: of each bin and each crowd, of the numbers below each segment and above all, of those equal to
// the bounds of a segment where these are one, of threads that met one that is no integer, and of those that were picked out.
enum Counter {
    BETWEEN = BINS + CROWDS,
    EQUAL = BETWEEN + SEGMENTS + 1,
    FRACTIONS = EQUAL + SEGMENTS,
    COUNTERS_OF_BLOCK,
    PICKED = COUNTERS_OF_BLOCK,
    COUNTERS,
};

#ifdef __CUDACC__
ON_DEVICE void count_one(u32* counter) { atomicAdd(counter, 1u); }
ON_DEVICE u64 add_to(u64* counter, u64 more) { return atomicAdd(counter, more); }
#else
ON_DEVICE void count_one(u32* counter) { *counter += 1; }
ON_DEVICE u64 add_to(u64* counter, u64 more) { return *counter += more, *counter - more; }
#endif

// The counters and the picked numbers of an output. Those that do not fit are counted all the same, so that this shows.
struct Sieve {
    const Mesh* mesh;
    // Of a block of threads.
    u32* counters;
    // Of all.
    u64* totals;
    double* picked;
    u64 room;
    // Of the mesh: what every number is asked, which would be read anew for each behind a count in memory.
    double bins_per_unit;
    double first;
    double last;
    u32 crowds;

    ON_DEVICE_MEMBER void pick(double number) const {
        u64 place = add_to(&totals[PICKED], 1);
        if (place < room) picked[place] = number;
    }

    ON_DEVICE_MEMBER u32 place_of(double number) const {
        double below = number < 0.0 ? -LEAST_NORMAL : 0.0;
        double place = floor(fused(number, bins_per_unit, below)) - first;
        place = place > 0.0 ? place : 0.0;
        place = place < last ? place : last;
        return (u32)place;
    }

    ON_DEVICE_MEMBER void look_at(double number, u32 place) const {
        u32 mark = mesh->marks[place];
        if (!(mark & LOOKED_AT)) return;
        u32 segment = mark & ~LOOKED_AT;
        while (segment < mesh->segments && mesh->high[segment] < number) segment++;
        bool is_inside = segment < mesh->segments && mesh->low[segment] <= number;
        bool is_far_out = place == 0 || place == BINS - 1;
        if (is_far_out || (is_inside && mesh->low[segment] < mesh->high[segment])) {
            pick(number);
        } else {
            count_one(&counters[is_inside ? EQUAL + segment : BETWEEN + segment]);
        }
    }

    ON_DEVICE_MEMBER void read(double number) const {
        for (u32 crowd = 0; crowd < crowds; crowd++) {
            if (mesh->crowd[crowd] == number) return count_one(&counters[BINS + crowd]);
        }
        u32 place = place_of(number);
        count_one(&counters[place]);
        look_at(number, place);
    }
};

ON_DEVICE Sieve sieve_by(const Mesh* mesh, u32* counters, u64* totals, double* picked, u64 room) {
    return Sieve{mesh, counters, totals, picked, room, mesh->bins_per_unit, mesh->first, mesh->last, (u32)mesh->crowds};
}
