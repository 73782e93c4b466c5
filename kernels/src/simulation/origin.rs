//! Which parts of slices belong together.

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
    /// Of a plan as it was compiled, its seed and its sampling, evaluated by this [`EDITION`].
    pub fn of(plan: &Plan, seed: u64, sampling: Sampling) -> Result<Origin, ImageError> {
        let columns = vec![true; plan.columns()];
        let image = Image::new(&Wanted { plan, seed, sampling, columns: &columns })?;
        Ok(Origin(checksum([u64::from(EDITION)].into_iter().chain(image.words().iter().copied()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn whatever_changes_a_draw_or_a_value_is_another_origin() {
        let origin = |distribution, opcode, seed, sampling| {
            Origin::of(&plan(distribution, opcode), seed, sampling).unwrap()
        };
        let first = origin("normal(0, 1)", Opcode::Exp, 1, Sampling::Random);
        assert_eq!(first, origin("normal(0, 1)", Opcode::Exp, 1, Sampling::Random));
        for other in [
            origin("normal(0, 1.5)", Opcode::Exp, 1, Sampling::Random),
            origin("lognormal(1, 1)", Opcode::Exp, 1, Sampling::Random),
            origin("normal(0, 1)", Opcode::Negate, 1, Sampling::Random),
            origin("normal(0, 1)", Opcode::Exp, 2, Sampling::Random),
            origin("normal(0, 1)", Opcode::Exp, 1, Sampling::Sobol),
        ] {
            assert_ne!(first, other);
        }
    }
}
