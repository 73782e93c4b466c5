//! Loops over lanes that the compiler turns into vector instructions.

/// Replaces each value by its image.
#[inline(always)]
pub(super) fn map(values: &mut [f64], image: impl Fn(f64) -> f64) {
    for value in values {
        *value = image(*value);
    }
}
