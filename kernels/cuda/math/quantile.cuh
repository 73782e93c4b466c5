// Twin of math/src/quantile.rs: the standard normal quantile, in one polynomial for all but the outer 0.26 % (Giles, 2010).
#pragma once
#include "log.cuh"

#define CENTRAL_CUT 0.005247518399181385
#define CENTRAL_CONSTANT 1.2533141373155003
#define NEAR_TAIL_MIDDLE 4.0
#define NEAR_TAIL_CONSTANT 1.294335305134426
#define FAR_TAIL_FROM 6.05
#define FAR_TAIL_MIDDLE 12.75
#define FAR_TAIL_CONSTANT 1.3975764844599643

DEVICE_TABLE double CENTRAL[22] = {
    0.32811687386921623, 0.01633323614703627, -0.0033023324114468825, -0.00018108056084800578, 6.591852097163886e-05,
    2.8567235530086104e-06, -1.4320214192243167e-06, -5.267026531449768e-08, 3.216156478281215e-08,
    1.1203010528223207e-09, -7.683682761048564e-10, -1.5243078809337073e-11, 1.7927316867015325e-11,
    -1.4357929969683366e-12, 7.371294222377312e-13, -4.2880804358479506e-13, 1.1496935531794986e-13,
    -1.813360233790773e-14, 1.8314148028319426e-15, -1.182624961503e-16, 4.499646183932946e-18,
    -7.738714254282374e-20,
};
DEVICE_TABLE double NEAR_TAIL[19] = {
    0.39739989977851864, -0.6368472855398165, 0.7825967404976002, -0.891378319086869, 0.9731470054859324,
    -1.0386581752228985, 1.0920762966272972, -1.1374964612518719, 1.1766542541179088, -1.2112616440351684,
    1.2420740829984227, -1.2698386039624385, 1.294538848348896, -1.3198682628537126, 1.3527546040511884,
    -1.3284031957360913, 1.2152205616473335, -1.7321338426507844, 2.381283762536353,
};
DEVICE_TABLE double FAR_TAIL[24] = {
    0.058014365192209184, -0.09917061102781186, 0.1295221742059574, -0.1549078905741971, 0.17646935807681347,
    -0.19533594726719195, 0.21197161785663438, -0.22684294298713376, 0.24019952104108153, -0.2522954898467635,
    0.26329013302541227, -0.2733420232372728, 0.28252169466466215, -0.29100788108445974, 0.2995128352249887,
    -0.3069413213371162, 0.3065054286699272, -0.3119250920020287, 0.3718901008276063, -0.3817953304803413,
    0.129255908389268, -0.12277424394006221, 0.8393898362978708, -0.8588876927387004,
};

// r (constant + t polynomial(t)), the greatest part rounded last.
template <int N>
ON_DEVICE double quantile_tail(
    double r, double r_low, double middle, double constant, const double (&coefficients)[N]
) {
    double t = (r - middle) / (r + middle);
    double rest = t * even_odd(t, coefficients);
    return fused(r, constant, fused(r, rest, r_low * constant));
}

// The quantile in the outer 0.26 %, and where there is none.
CALLED_ON_DEVICE double normal_quantile_tail(double p) {
    double q = p < 0.5 ? p : 1.0 - p;
    if (q == 0.0) return with_sign_of(infinity(), p - 0.5);
    Double logarithm = logarithm_double(q);
    double r = square_root(-logarithm.high);
    double r_low = -(fused(r, r, logarithm.high) + logarithm.low) / (r + r);
    double magnitude = r < FAR_TAIL_FROM
        ? quantile_tail(r, r_low, NEAR_TAIL_MIDDLE, NEAR_TAIL_CONSTANT, NEAR_TAIL)
        : quantile_tail(r, r_low, FAR_TAIL_MIDDLE, FAR_TAIL_CONSTANT, FAR_TAIL);
    return q > 0.0 ? with_sign_of(magnitude, p - 0.5) : not_a_number();
}

// z with P(Z < z) = p for a standard normal Z.
ON_DEVICE double normal_quantile(double p) {
    double y = 4.0 * p * (1.0 - p);
    // NaN is not central either.
    if (!(y >= CENTRAL_CUT)) return normal_quantile_tail(p);
    double x = fused(p, 2.0, -1.0);
    double w = -logarithm_of_fraction(y);
    Double factor = fast_sum(CENTRAL_CONSTANT, w * even_odd(w, CENTRAL));
    Double value = product(x, factor.high);
    return value.high + fused(x, factor.low, value.low);
}
