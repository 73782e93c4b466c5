//! Which of the two kernels evaluates a launch: by the time that each takes for a trial.
//!
//! Making machine code takes as long as hundreds of millions of trials. So a plan is interpreted until that has taken
//! about as long as making its code would: whatever the length of the run, about twice the time of the better way is spent at
//! most. (Launches overlap, and each counts: with several under way code is made sooner.) Code that lies ready is tried at once.
//! Before it is used it must come to the interpreter's bits for some trials. A few launches of it are measured, and the faster
//! of the two goes on.

use std::time::Duration;

/// What evaluates a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The kernel that reads any plan.
    Interpreted,
    /// The kernel that was made for this plan.
    Generated,
}

/// What is to be done for the next launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Launch this.
    Launch(Code),
    /// Make the code, and tell [`Choice::made`]. Until then others go on with the interpreter.
    Make,
}

/// How far the choice is.
#[derive(Debug, Clone)]
pub struct Choice {
    state: State,
    making: Duration,
    interpreted: Measured,
    generated: Measured,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Interpreting,
    Making,
    Trying,
    Settled(Code),
}

/// So many launches, with what they took for each trial.
#[derive(Debug, Clone, Copy, Default)]
struct Measured {
    launches: u32,
    trials: u64,
    time: Duration,
}

/// As many of each are measured before one is preferred, behind a first that warms up.
const LAUNCHES: u32 = 4;
/// What making takes: see the figures at [`super::MOST_INSTRUCTIONS`].
const MAKING: Duration = Duration::from_millis(150);
const MAKING_AN_INSTRUCTION: Duration = Duration::from_micros(1500);

impl Choice {
    /// For a plan of such a [size](super::Generated::size), whose code lies ready or is still to be made.
    pub fn new(size: usize, is_ready: bool) -> Choice {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let making = MAKING + MAKING_AN_INSTRUCTION.saturating_mul(size);
        Choice {
            state: State::Interpreting,
            making: if is_ready { Duration::ZERO } else { making },
            interpreted: Measured::default(),
            generated: Measured::default(),
        }
    }

    /// A choice that is made for good.
    pub fn settled(code: Code) -> Choice {
        Choice { state: State::Settled(code), ..Choice::new(0, true) }
    }

    /// What is to be done for the next launch.
    pub fn step(&mut self) -> Step {
        match self.state {
            State::Interpreting
                if self.interpreted.launches > LAUNCHES && self.interpreted.time >= self.making =>
            {
                self.state = State::Making;
                Step::Make
            }
            _ => Step::Launch(self.code()),
        }
    }

    /// What is launched now.
    pub fn code(&self) -> Code {
        match self.state {
            State::Interpreting | State::Making => Code::Interpreted,
            State::Trying => Code::Generated,
            State::Settled(code) => code,
        }
    }

    /// The code has been made, or cannot be.
    pub fn made(&mut self, is_usable: bool) {
        self.state = if is_usable { State::Trying } else { State::Settled(Code::Interpreted) };
    }

    /// A launch has taken so long.
    pub fn took(&mut self, code: Code, trials: usize, time: Duration) {
        let measured = match code {
            Code::Interpreted => &mut self.interpreted,
            Code::Generated => &mut self.generated,
        };
        measured.launches = measured.launches.saturating_add(1);
        if measured.launches > 1 {
            measured.trials += trials as u64;
            measured.time += time;
        }
        if self.state == State::Trying && self.generated.launches > LAUNCHES {
            let is_faster = self.generated.nanoseconds_a_trial() <= self.interpreted.nanoseconds_a_trial();
            self.state = State::Settled(if is_faster { Code::Generated } else { Code::Interpreted });
        }
    }
}

impl Measured {
    fn nanoseconds_a_trial(&self) -> f64 {
        self.time.as_nanos() as f64 / self.trials.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// Interprets until the code is to be made; says how many launches that took.
    fn interpreted_until_made(choice: &mut Choice) -> u32 {
        let mut launches = 0;
        while choice.step() == Step::Launch(Code::Interpreted) {
            choice.took(Code::Interpreted, 1000, MILLISECOND);
            launches += 1;
        }
        launches
    }

    #[test]
    fn code_is_made_once_interpreting_has_taken_as_long() {
        assert_eq!(interpreted_until_made(&mut Choice::new(100, false)), 1 + 300);
        let mut ready = Choice::new(100, true);
        assert_eq!(interpreted_until_made(&mut ready), 1 + LAUNCHES);
        assert_eq!(ready.step(), Step::Launch(Code::Interpreted), "while it is being made");
    }

    #[test]
    fn the_faster_goes_on() {
        for (time, faster) in [(MILLISECOND / 2, Code::Generated), (MILLISECOND * 2, Code::Interpreted)] {
            let mut choice = Choice::new(1, true);
            interpreted_until_made(&mut choice);
            choice.made(true);
            for launch in 0..=LAUNCHES {
                assert_eq!(choice.step(), Step::Launch(Code::Generated));
                // The first loads what it needs.
                choice.took(Code::Generated, 1000, if launch == 0 { 100 * MILLISECOND } else { time });
            }
            assert_eq!(choice.step(), Step::Launch(faster));
        }
    }

    #[test]
    fn what_cannot_be_made_is_not_tried_again() {
        let mut choice = Choice::new(1, true);
        interpreted_until_made(&mut choice);
        choice.made(false);
        for _ in 0..100 {
            assert_eq!(choice.step(), Step::Launch(Code::Interpreted));
            choice.took(Code::Interpreted, 1000, MILLISECOND);
        }
    }
}
