//! Which parts of slices belong together.

use super::Run;
use super::kept::Kept;
use super::part_bytes::checksum;
use crate::engine::EDITION;
use crate::engine::image::{Image, ImageError, Wanted};
use crate::random::Sampling;
use fermiac_model::plan::Plan;

/// What a part was computed from and by, as one number. Parts of different origins would merge without a trace, into
/// results of neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin(pub(super) u64);

impl Origin {
    /// Of a plan as it was compiled, its seed, its sampling, and what its run keeps, evaluated by this [`EDITION`].
    pub fn of(plan: &Plan, run: &Run, (seed, sampling): (u64, Sampling)) -> Result<Origin, ImageError> {
        Origin::of_edition(EDITION, plan, run, (seed, sampling))
    }

    fn of_edition(
        edition: u32,
        plan: &Plan,
        run: &Run,
        (seed, sampling): (u64, Sampling),
    ) -> Result<Origin, ImageError> {
        let columns = vec![true; plan.columns()];
        let image = Image::new(&Wanted { plan, seed, sampling, columns: &columns })?;
        let Kept { keep: _, inputs, outputs, ranked, tallied } = Kept::new(run, plan, sampling);
        let of_run = [edition.into(), run.trials, inputs, outputs, ranked, tallied.into()];
        Ok(Origin(checksum(of_run.into_iter().chain(image.words().iter().copied()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Keep, MAX_VALUES};
    use fermiac_model::distribution::{Distribution, identity_hash};
    use fermiac_model::plan::{Draw, Instruction, Opcode};

    fn plan(distribution: &str, opcode: Opcode) -> Plan {
        let draw = Draw {
            identity: "a".to_owned(),
            stream: identity_hash("a"),
            distribution: Distribution::parse(distribution).unwrap(),
        };
        let instruction = |opcode, destination, a| Instruction { opcode, destination, a, b: 0, c: 0 };
        Plan {
            draws: vec![draw],
            outputs: 1,
            slots: 2,
            instructions: vec![
                instruction(Opcode::Draw, 0, 0),
                instruction(opcode, 1, 0),
                instruction(Opcode::Store, 1, 1),
            ],
            ..Plan::default()
        }
    }

    const RUN: Run = Run { trials: 500_000, threads: 1, keep: Keep::Nothing, max_values: MAX_VALUES };

    #[test]
    fn whatever_changes_a_draw_a_value_or_what_is_kept_is_another_origin() {
        let origin =
            |distribution, opcode, run, drawn| Origin::of(&plan(distribution, opcode), &run, drawn).unwrap();
        let drawn = (1, Sampling::Random);
        let first = origin("normal(0, 1)", Opcode::Exp, RUN, drawn);
        assert_eq!(first, origin("normal(0, 1)", Opcode::Exp, Run { threads: 7, ..RUN }, drawn));
        for other in [
            origin("normal(0, 1.5)", Opcode::Exp, RUN, drawn),
            origin("lognormal(1, 1)", Opcode::Exp, RUN, drawn),
            origin("normal(0, 1)", Opcode::Negate, RUN, drawn),
            origin("normal(0, 1)", Opcode::Exp, RUN, (2, Sampling::Random)),
            origin("normal(0, 1)", Opcode::Exp, RUN, (1, Sampling::Sobol)),
            origin("normal(0, 1)", Opcode::Exp, Run { trials: 500_001, ..RUN }, drawn),
            origin("normal(0, 1)", Opcode::Exp, Run { keep: Keep::Outputs, ..RUN }, drawn),
            Origin::of_edition(EDITION + 1, &plan("normal(0, 1)", Opcode::Exp), &RUN, drawn).unwrap(),
        ] {
            assert_ne!(first, other);
        }
    }
}
