//! Every elementwise instruction over every kind of value, and the numbers that name them.

use crate::host::{Host, Operands, image_of, words};
use crate::random_plans::plan_of;
use fermiac_kernels::random::Sampling;
use fermiac_model::plan::{Opcode, Shape, scalar};
use fermiac_model::value::{ErrorKind, TextId, Value};

const RANDOM_ITEMS: usize = 20_000;

#[test]
fn the_header_numbers_the_opcodes_as_the_list_does() {
    let header = include_str!("../../cuda/plan/opcode.cuh");
    let named = |opcode: &Opcode| {
        let mut name = String::from("OP");
        for letter in format!("{opcode:?}").chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
        }
        format!("{name} = {},", *opcode as u32)
    };
    for opcode in Opcode::ALL {
        assert!(header.contains(&named(opcode)), "{}", named(opcode));
    }
    assert_eq!(header.matches(" = ").count(), Opcode::ALL.len());
}

#[test]
fn every_elementwise_instruction_gives_the_bits_of_the_reference() {
    let Some(mut host) = Host::start() else { return };
    let plan = plan_of(&[]);
    let image = image_of(&plan, 1, Sampling::Random);
    let elementwise = |opcode: &&Opcode| !matches!(opcode.shape(), Shape::Draw | Shape::Run);
    for opcode in Opcode::ALL.iter().filter(elementwise) {
        let items = items(*opcode);
        for (item, theirs) in items.iter().zip(host.instruction(*opcode, &image, &items)) {
            let [a, b, c] = *item;
            let ours = scalar::apply(*opcode, a, b, c, &plan.texts);
            assert_eq!(ours.to_bits(), theirs.to_bits(), "{opcode:?} {item:?}: {ours:?} {theirs:?}");
        }
    }
}

/// All pairs of values for the first two operands, and random bits.
fn items(opcode: Opcode) -> Vec<Operands> {
    let values = values();
    let second: Vec<f64> =
        if opcode == Opcode::HasKind { (0..64).map(f64::from).collect() } else { values.clone() };
    let third = |place: usize| values[place * 7 % values.len()];
    let pairs =
        values.iter().flat_map(|a| second.iter().enumerate().map(|(place, b)| [*a, *b, third(place)]));
    let mut words = words(opcode as u64);
    let mut number = || f64::from_bits(words.next().expect("they never end"));
    let random = (0..RANDOM_ITEMS).map(|place| {
        let b = number();
        [number(), if opcode == Opcode::HasKind { second[place % 64] } else { b }, number()]
    });
    pairs.chain(random).collect()
}

/// Of every kind, with numbers at which instructions turn, and bits that no packing makes.
fn values() -> Vec<f64> {
    let numbers = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        2.0,
        -2.0,
        0.5,
        -0.5,
        3.0,
        0.1,
        -0.1,
        0.3,
        0.1 + 0.2,
        0.2,
        -8.0,
        27.0,
        2.5,
        -2.5,
        1e-310,
        5e-324,
        2.675,
        1e15,
        1e16,
        -1e300,
        f64::MAX,
        f64::MIN,
        710.0,
        -746.0,
        400.0,
        -401.0,
        1e9,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let roots = [3.0, 5.0, 7.0, 4.0].map(|degree: f64| 1.0 / degree);
    let others = [Value::Empty, Value::Bool(true), Value::Bool(false)].map(Value::pack);
    let texts = [0, 1, 2, 3, 4, u32::MAX].map(|id| Value::Text(TextId(id)).pack());
    let errors = ErrorKind::ALL.map(|kind| Value::Error(kind).pack());
    // An error of no kind, tags of nothing, and booleans that are neither 0 nor 1.
    let broken = [0x7ff8_0001_0000_0000, 0x7ff8_0001_0000_000b, 0x7ff8_0007_0000_0001, 0xfff8_0001_0000_0002]
        .into_iter()
        .chain([0x7ff8_0002_0000_0007, 0x7ff8_0004_0000_0009, 0x7ff0_0001_0000_0002])
        .map(f64::from_bits);
    numbers.into_iter().chain(roots).chain(others).chain(texts).chain(errors).chain(broken).collect()
}
