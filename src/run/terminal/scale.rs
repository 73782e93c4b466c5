//! The horizontal axis of a drawing in characters.

use crate::terminal::number::Style;

/// Values spread evenly over columns.
pub(super) struct Scale {
    /// The value at the left edge of the first column.
    pub(super) low: f64,
    /// The value at the right edge of the last column.
    pub(super) high: f64,
    /// Columns.
    pub(super) width: usize,
}

impl Scale {
    /// The column that `value` falls in.
    pub(super) fn column(&self, value: f64) -> Option<usize> {
        let part = (value - self.low) / (self.high - self.low);
        (0.0..=1.0).contains(&part).then(|| ((part * self.width as f64) as usize).min(self.width - 1))
    }

    /// The line itself, marked at every tick.
    pub(super) fn rule(&self) -> String {
        let mut line = vec!['─'; self.width];
        for column in self.ticks().into_iter().filter_map(|tick| self.column(tick)) {
            line[column] = '┬';
        }
        line.into_iter().collect()
    }

    /// The values of the ticks, each centred below its mark; those that would touch another are left out.
    pub(super) fn labels(&self) -> String {
        let ticks = self.ticks();
        let style = Style::for_values(&ticks, self.step());
        let style = match style {
            // A tick is a round number: it needs the decimals of the step and no more.
            Style::Decimals(_) => Style::Decimals((-self.step().log10().floor()).max(0.0) as usize),
            Style::Scientific => Style::Scientific,
        };
        let mut line = String::new();
        for tick in ticks {
            let (label, Some(column)) = (style.write(tick), self.column(tick)) else { continue };
            let (used, length) = (line.chars().count(), label.chars().count());
            let Some(last_start) = self.width.checked_sub(length) else { continue };
            let start = column.saturating_sub(length / 2).min(last_start);
            let fits = used == 0 || start > used;
            if fits {
                line.push_str(&" ".repeat(start - used));
                line.push_str(&label);
            }
        }
        line
    }

    /// Round values, some 12 columns apart.
    fn ticks(&self) -> Vec<f64> {
        let step = self.step();
        let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
        // A step that is lost in rounding (1e300 beside 1) makes no ticks at all.
        let many = if (0.0..=100.0).contains(&(last - first)) { (last - first) as usize + 1 } else { 0 };
        (0..many).map(|index| (first + index as f64) * step).collect()
    }

    /// 1, 2 or 5 times a power of ten.
    fn step(&self) -> f64 {
        let wanted = (self.high - self.low) * 12.0 / self.width.max(12) as f64;
        let power = 10f64.powf(wanted.log10().floor());
        let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= wanted);
        factor.unwrap_or(10.0) * power
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_stand_at_round_values() {
        let scale = Scale { low: -37.0, high: 412.0, width: 60 };
        assert_eq!(scale.ticks(), [0.0, 100.0, 200.0, 300.0, 400.0]);
        assert_eq!(scale.rule().chars().filter(|c| *c == '┬').count(), 5);
        assert_eq!(scale.labels().split_whitespace().collect::<Vec<_>>(), ["0", "100", "200", "300", "400"]);
        let scale = Scale { low: 0.0, high: 0.01, width: 40 };
        assert_eq!(scale.labels().split_whitespace().collect::<Vec<_>>(), ["0.000", "0.005", "0.010"]);
    }

    proptest! {
        #[test]
        fn labels_stay_inside(low in -1e9f64..1e9, spread in 1e-3f64..1e9, width in 1usize..100) {
            let scale = Scale { low, high: low + spread, width };
            prop_assert!(scale.labels().chars().count() <= width);
            prop_assert_eq!(scale.rule().chars().count(), width);
        }
    }
}
