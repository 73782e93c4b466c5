//! From arguments to the parameters of a family.

use super::parse::{Argument, ArgumentValue};
use super::signature::{COMMON, ParameterKind, Signature};
use super::{Distribution, DistributionError, Family};

/// The arguments by parameter: the family's own, then the common ones.
pub(super) struct Bound {
    own: Vec<Option<ArgumentValue>>,
    common: [Option<f64>; COMMON.len()],
}

/// Gives each argument to its parameter.
pub(super) fn bind(
    signature: &'static Signature,
    arguments: &[Argument<'_>],
) -> Result<Bound, DistributionError> {
    let family = signature.name;
    let mut bound = Bound { own: vec![None; signature.parameters.len()], common: [None; COMMON.len()] };
    for (place, argument) in arguments.iter().enumerate() {
        let own = match argument.key {
            None if arguments[..place].iter().any(|before| before.key.is_some()) => {
                return Err(DistributionError::Syntax {
                    text: family.to_owned(),
                    reason: "an argument without a name follows one with a name".to_owned(),
                });
            }
            None if place >= signature.parameters.len() => {
                let count = arguments.len();
                return Err(DistributionError::TooMany { family, count, usage: signature.to_string() });
            }
            None => Some(place),
            Some(key) => signature.parameters.iter().position(|p| p.name.eq_ignore_ascii_case(key)),
        };
        match own {
            Some(own) => bound.set_own(signature, own, &argument.value)?,
            None => bound.set_common(signature, argument)?,
        }
    }
    Ok(bound)
}

impl Bound {
    fn set_own(
        &mut self,
        signature: &Signature,
        place: usize,
        value: &ArgumentValue,
    ) -> Result<(), DistributionError> {
        let (family, parameter) = (signature.name, &signature.parameters[place]);
        let (must, got) = match (parameter.kind, value) {
            (ParameterKind::List, ArgumentValue::Number(number)) => {
                ("a list such as {1, 2}", number.to_string())
            }
            (ParameterKind::Number, ArgumentValue::List(_)) => ("one number", "a list".to_owned()),
            _ if self.own[place].is_some() => {
                return Err(DistributionError::Duplicate { family, parameter: parameter.name });
            }
            _ => {
                self.own[place] = Some(value.clone());
                return Ok(());
            }
        };
        Err(DistributionError::OutOfRange { family, parameter: parameter.name, must: must.to_owned(), got })
    }

    fn set_common(
        &mut self,
        signature: &Signature,
        argument: &Argument<'_>,
    ) -> Result<(), DistributionError> {
        let family = signature.name;
        let key = argument.key.unwrap_or_default();
        let Some(place) = COMMON.iter().position(|name| name.eq_ignore_ascii_case(key)) else {
            let usage = format!("{signature}, with {} by name", COMMON.join(", "));
            return Err(DistributionError::UnknownParameter {
                family,
                parameter: key.chars().take(40).collect(),
                usage,
            });
        };
        let parameter = COMMON[place];
        let ArgumentValue::Number(number) = argument.value else {
            let (must, got) = ("one number".to_owned(), "a list".to_owned());
            return Err(DistributionError::OutOfRange { family, parameter, must, got });
        };
        if self.common[place].replace(number).is_some() {
            return Err(DistributionError::Duplicate { family, parameter });
        }
        Ok(())
    }

    /// The distribution, with defaults for what was not given; not checked yet.
    pub(super) fn build(mut self, signature: &'static Signature) -> Result<Distribution, DistributionError> {
        let mut numbers = Vec::new();
        let mut lists = Vec::new();
        for (place, parameter) in signature.parameters.iter().enumerate() {
            match (self.own[place].take(), parameter.default) {
                (Some(ArgumentValue::Number(number)), _) | (None, Some(number)) => numbers.push(number),
                (Some(ArgumentValue::List(list)), _) => lists.push(list),
                (None, None) => {
                    let (family, usage) = (signature.name, signature.to_string());
                    return Err(DistributionError::Missing { family, parameter: parameter.name, usage });
                }
            }
        }
        let [truncate_min, truncate_max, shift] = self.common;
        let family = family(signature.name, &numbers, lists);
        Ok(Distribution { family, truncate_min, truncate_max, shift: shift.unwrap_or(0.0) })
    }
}

/// The family of a known name from all its parameters.
fn family(name: &str, numbers: &[f64], lists: Vec<Vec<f64>>) -> Family {
    match (name, numbers) {
        ("normal", [mean, std_dev]) => Family::Normal { mean: *mean, std_dev: *std_dev },
        ("lognormal", [mean, std_dev]) => Family::Lognormal { mean: *mean, std_dev: *std_dev },
        ("uniform", [min, max]) => Family::Uniform { min: *min, max: *max },
        ("triangular", [min, mode, max]) => Family::Triangular { min: *min, mode: *mode, max: *max },
        ("pert", [min, mode, max, lambda]) => {
            Family::Pert { min: *min, mode: *mode, max: *max, lambda: *lambda }
        }
        ("beta", [alpha, beta, min, max]) => {
            Family::Beta { alpha: *alpha, beta: *beta, min: *min, max: *max }
        }
        ("exponential", [mean]) => Family::Exponential { mean: *mean },
        ("bernoulli", [p]) => Family::Bernoulli { p: *p },
        ("integer_uniform", [min, max]) => Family::IntegerUniform { min: *min, max: *max },
        ("constant", [value]) => Family::Constant { value: *value },
        _ => {
            let mut lists = lists.into_iter();
            let (values, weights) = (lists.next().unwrap_or_default(), lists.next().unwrap_or_default());
            Family::Discrete { values, weights }
        }
    }
}
