//! The kernel's headers as a program of this machine, and its requests. See `cuda/host.cpp`.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use fermiac_kernels::engine::Engine;
use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::engine::image::{Image, Wanted};
use fermiac_kernels::random::Sampling;
use fermiac_kernels::random::philox::philox;
use fermiac_model::plan::{Opcode, Plan};

/// The program, waiting for requests.
pub struct Host {
    child: Child,
}

/// Three operands of a function or an instruction.
pub type Operands = [f64; 3];

impl Host {
    /// Starts the program, which the first test compiles. Nothing where there is no compiler.
    pub fn start() -> Option<Host> {
        static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
        let program = PROGRAM.get_or_init(compiled).as_ref()?;
        let started = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        Some(Host { child: started.expect("the program was just compiled") })
    }

    /// A function by its number in `host.cpp`, of each item.
    pub fn function(&mut self, number: usize, items: &[Operands]) -> Vec<f64> {
        self.request([0, number as u64, 0, items.len() as u64], &[], &bits(items.as_flattened()));
        self.reply(items.len())
    }

    /// An elementwise instruction, of each item.
    pub fn instruction(&mut self, opcode: Opcode, image: &Image, items: &[Operands]) -> Vec<f64> {
        let head = [1, opcode as u64, image.words().len() as u64, items.len() as u64];
        self.request(head, image.words(), &bits(items.as_flattened()));
        self.reply(items.len())
    }

    /// The draws of an input that stand for these uniforms.
    pub fn draws(&mut self, input: usize, image: &Image, uniforms: &[f64]) -> Vec<f64> {
        let head = [2, input as u64, image.words().len() as u64, uniforms.len() as u64];
        self.request(head, image.words(), &bits(uniforms));
        self.reply(uniforms.len())
    }

    /// The wanted columns of so many trials from the first on.
    pub fn trials(&mut self, image: &Image, first_trial: u64, trials: usize) -> Vec<Vec<f64>> {
        self.request([3, first_trial, image.words().len() as u64, trials as u64], image.words(), &[]);
        let values = self.reply(image.columns() * trials);
        values.chunks(trials).map(<[f64]>::to_vec).collect()
    }

    fn request(&mut self, head: [u64; 4], image: &[u64], items: &[u64]) {
        let words = head.iter().chain(image).chain(items);
        let bytes: Vec<u8> = words.flat_map(|word| word.to_ne_bytes()).collect();
        let requests = self.child.stdin.as_mut().expect("it is piped");
        requests.write_all(&bytes).and_then(|()| requests.flush()).expect("the program reads requests");
    }

    fn reply(&mut self, numbers: usize) -> Vec<f64> {
        let mut bytes = vec![0; numbers * size_of::<f64>()];
        let replies = self.child.stdout.as_mut().expect("it is piped");
        replies.read_exact(&mut bytes).expect("the program answers every request");
        bytes.as_chunks().0.iter().map(|word| f64::from_ne_bytes(*word)).collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // At the end of its input it ends.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn compiled() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-host");
    compile("cuda/host.cpp", &program, &[]).then_some(program)
}

/// Compiles a source of this crate as the GPU's compiler would: contraction is off. Says whether there is a compiler.
pub fn compile(source: &str, target: &Path, options: &[&str]) -> bool {
    if Command::new("c++").arg("--version").output().is_err() {
        eprintln!("skipped: this machine has no C++ compiler; install g++");
        return false;
    }
    let own =
        ["-std=c++17", "-O2", "-ffp-contract=off", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror"];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    // Under its name only once it is whole: another run of the tests may be using it.
    let unfinished = target.with_extension(format!("{}.unfinished", std::process::id()));
    let status = Command::new("c++").args(own).args(options).arg("-o").arg(&unfinished).arg(&source).status();
    assert!(status.expect("it just answered").success(), "{} compiles as C++", source.display());
    std::fs::rename(&unfinished, target).expect("both names are in one folder");
    true
}

/// The image of a plan of which every column is wanted.
pub fn image_of(plan: &Plan, seed: u64, sampling: Sampling) -> Image {
    Image::new(&Wanted { plan, seed, sampling, columns: &vec![true; plan.columns()] })
        .expect("the plan keeps its rules")
}

/// Holds both engines to the same columns of some trials.
#[track_caller]
pub fn assert_agree(
    host: &mut Host,
    plan: &Plan,
    (seed, sampling): (u64, Sampling),
    first: u64,
    trials: usize,
) {
    let engine = CpuEngine::with_sampling(plan, seed, sampling).expect("the plan keeps its rules");
    let mut columns = vec![vec![f64::NAN; trials]; plan.columns()];
    let mut views: Vec<&mut [f64]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
    engine.evaluate(&mut engine.scratch(), first, &mut views);
    let theirs = host.trials(&image_of(plan, seed, sampling), first, trials);
    for (column, (ours, theirs)) in columns.iter().zip(&theirs).enumerate() {
        let differs = ours.iter().zip(theirs).position(|(a, b)| a.to_bits() != b.to_bits());
        if let Some(trial) = differs {
            panic!("column {column}, trial {}: {:?} {:?}", first + trial as u64, ours[trial], theirs[trial]);
        }
    }
}

pub fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Random words, the same in every run.
pub fn words(stream: u64) -> impl Iterator<Item = u64> {
    (0u64..).flat_map(move |place| {
        let [a, b, c, d] = philox([place, place >> 32, stream, 0], [2026, 11]).map(|word| word & 0xffff_ffff);
        [a << 32 | b, c << 32 | d]
    })
}
