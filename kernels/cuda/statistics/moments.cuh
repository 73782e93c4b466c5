// Twin of kernels/src/statistics/moments.rs: the moments of a block of trials, and its errors by kind.
//
// The sixteen lanes of a block are sixteen threads, a team. What one thread of a team must know of the others lies in
// shared memory, and a step begins when the one before has been done by all: the kernel waits between them.
#pragma once
#include "../plan/value.cuh"

#define TRIALS_OF_BLOCK 4096
#define LANES 16

// What a thread tells its team, and how many of its trials ended in each kind of error.
enum Quantity { SUM, LEAST, GREATEST, POWER_2, POWER_3, POWER_4, ERRORS, QUANTITIES = ERRORS + LAST_ERROR };

// Of a block of a column: its count, mean, sums of powers, least and greatest number, and its errors by kind.
enum Word { COUNT_WORD, MEAN_WORD, POWER_2_WORD, POWER_3_WORD, POWER_4_WORD, LEAST_WORD, GREATEST_WORD, ERRORS_WORD };
#define WORDS_OF_BLOCK (ERRORS_WORD + LAST_ERROR)

struct Team {
    bool is_idle;
    const double* values;
    u64 count;
    // The quantities of the team's first lane; those of the next lane lie beside, the next quantity further on.
    double* quantities;
    u64 threads;
    u32 lane;

    ON_DEVICE_MEMBER double& of(u32 quantity, u32 other) const { return quantities[quantity * threads + other]; }
    ON_DEVICE_MEMBER double& own(u32 quantity) const { return of(quantity, lane); }

    ON_DEVICE_MEMBER u64 errors_of_kind(u32 kind) const {
        double errors = 0.0;
        for (u32 other = 0; other < LANES; other++) errors += of(ERRORS + kind, other);
        return (u64)errors;
    }

    ON_DEVICE_MEMBER u64 errors() const {
        u64 errors = 0;
        for (u32 kind = 0; kind < LAST_ERROR; kind++) errors += errors_of_kind(kind);
        return errors;
    }

    ON_DEVICE_MEMBER double first_number() const {
        u64 at = 0;
        while (!is_finite(values[at])) at++;
        return values[at];
    }

    // Steps through the numbers that are dealt out to this lane. Errors are dealt to none, so that among errors every
    // lane looks at every value.
    template <typename Step> ON_DEVICE_MEMBER void each_number(bool is_among_errors, Step step) const {
        if (!is_among_errors) {
            // Numbers are fetched while those before them are added up.
            UNROLL_BY_8 for (u64 at = lane; at < count; at += LANES) step(values[at]);
            return;
        }
        u64 place = 0;
        for (u64 at = 0; at < count; at++) {
            if (!is_finite(values[at])) continue;
            if (place % LANES == lane) step(values[at]);
            place++;
        }
    }
};

ON_DEVICE Team team_of(const double* columns, u64 trials, u64 all_columns, double* shared, u64 thread, u64 threads, u64 block) {
    u64 blocks = (trials + TRIALS_OF_BLOCK - 1) / TRIALS_OF_BLOCK;
    u64 team = (block * threads + thread) / LANES;
    u64 first = team % blocks * TRIALS_OF_BLOCK, left = trials - first;
    u64 count = left < TRIALS_OF_BLOCK ? left : TRIALS_OF_BLOCK;
    u32 lane = (u32)(thread % LANES);
    bool is_idle = team >= blocks * all_columns;
    return Team{is_idle, columns + team / blocks * trials + first, count, shared + (thread - lane), threads, lane};
}

ON_DEVICE void sum_up_among(const Team& team, bool is_among_errors, double pivot) {
    double sum = 0.0, least = pivot, greatest = pivot;
    team.each_number(is_among_errors, [&](double number) {
        sum = sum + (number - pivot);
        least = number < least ? number : least;
        greatest = number > greatest ? number : greatest;
    });
    team.own(SUM) = sum;
    team.own(LEAST) = least;
    team.own(GREATEST) = greatest;
}

// Sums up as if there were no errors, and counts those that there are.
ON_DEVICE void sum_up(const Team& team) {
    sum_up_among(team, false, team.values[0]);
    for (u32 kind = 0; kind < LAST_ERROR; kind++) team.own(ERRORS + kind) = 0.0;
    // An error or an infinity has made a NaN or an infinity of the sum of its lane.
    if (is_finite(team.own(SUM))) return;
    for (u64 at = team.lane; at < team.count; at += LANES) {
        if (is_finite(team.values[at])) continue;
        Value value = unpacked(team.values[at]);
        u32 error = value.tag == TAG_ERROR ? value.payload : (u32)VALUE;
        team.own(ERRORS + error - 1) += 1.0;
    }
}

ON_DEVICE void sum_up_without_errors(const Team& team) {
    u64 errors = team.errors();
    if (errors > 0 && errors < team.count) sum_up_among(team, true, team.first_number());
}

ON_DEVICE double across(const Team& team, u32 quantity) {
    double sums[LANES];
    for (u32 lane = 0; lane < LANES; lane++) sums[lane] = team.of(quantity, lane);
    UNROLL for (u32 width = LANES / 2; width > 0; width /= 2) {
        for (u32 lane = 0; lane < width; lane++) sums[lane] = sums[lane] + sums[lane + width];
    }
    return sums[0];
}

// From the pivot to the mean.
ON_DEVICE double offset_of(const Team& team, u64 numbers) { return across(team, SUM) / (double)numbers; }

ON_DEVICE void sum_powers(const Team& team) {
    u64 errors = team.errors();
    if (errors == team.count) return;
    double pivot = team.first_number(), offset = offset_of(team, team.count - errors);
    double square_sum = 0.0, cube_sum = 0.0, fourth_sum = 0.0;
    team.each_number(errors > 0, [&](double number) {
        double deviation = (number - pivot) - offset;
        double square = deviation * deviation;
        square_sum = square_sum + square;
        cube_sum = cube_sum + square * deviation;
        fourth_sum = fourth_sum + square * square;
    });
    team.own(POWER_2) = square_sum;
    team.own(POWER_3) = cube_sum;
    team.own(POWER_4) = fourth_sum;
}

// What the first lane of a team has to tell.
ON_DEVICE void tell_moments(const Team& team, u64* words) {
    u64 errors = team.errors(), numbers = team.count - errors;
    for (u32 kind = 0; kind < LAST_ERROR; kind++) words[ERRORS_WORD + kind] = team.errors_of_kind(kind);
    words[COUNT_WORD] = numbers;
    if (numbers == 0) return;
    double least = team.of(LEAST, 0), greatest = team.of(GREATEST, 0);
    for (u32 lane = 1; lane < LANES; lane++) {
        double low = team.of(LEAST, lane), high = team.of(GREATEST, lane);
        least = low < least ? low : least;
        greatest = high > greatest ? high : greatest;
    }
    words[MEAN_WORD] = bits_of(team.first_number() + offset_of(team, numbers));
    words[POWER_2_WORD] = bits_of(across(team, POWER_2));
    words[POWER_3_WORD] = bits_of(across(team, POWER_3));
    words[POWER_4_WORD] = bits_of(across(team, POWER_4));
    words[LEAST_WORD] = bits_of(least);
    words[GREATEST_WORD] = bits_of(greatest);
}
