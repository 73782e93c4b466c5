// Twin of kernels/src/random/quantile_table.rs: the quantile of a beta distribution by table. The cells are made in Rust.
#pragma once
#include "../math/beta.cuh"
#include "../math/pow.cuh"
#include "../math/quantile_rows.cuh"

#define CELL_TERMS 16
#define CELL_SHIFT 50
#define CELLS 80

// x(p) in powers of (p - centre) / width.
struct Cell {
    // 0 where the polynomial is not close enough and the quantile is solved for.
    u64 is_close;
    double centre;
    double inverse_width;
    double terms[CELL_TERMS];
};

// The quantile function for p < 1/2.
struct HalfTable {
    double alpha;
    double beta;
    // What the cells hold is x to this power.
    double power;
    Cell cells[CELLS];
};

struct BetaTable {
    HalfTable lower;
    HalfTable upper;
};

ON_DEVICE double half_table_at(const HalfTable& table, double p) {
    // At p = 1/2 the subtraction wraps around: there is no such cell.
    u64 place = (HALF_BITS - 1 - bits_of(p)) >> CELL_SHIFT;
    if (place >= CELLS || !table.cells[place].is_close) return beta_quantile(beta_of(table.alpha, table.beta), p);
    const Cell& cell = table.cells[place];
    double t = (p - cell.centre) * cell.inverse_width;
    double value = cell.terms[CELL_TERMS - 1];
    UNROLL
    for (int term = CELL_TERMS - 2; term >= 0; term--) value = fused(value, t, cell.terms[term]);
    return table.power < 1.0 ? raised(value, 1.0 / table.power) : value;
}

// x below which a share 0 < p < 1 lies.
ON_DEVICE double beta_by_table(const BetaTable& table, double p) {
    double x = half_table_at(p <= 0.5 ? table.lower : table.upper, p <= 0.5 ? p : 1.0 - p);
    return p <= 0.5 ? x : 1.0 - x;
}
