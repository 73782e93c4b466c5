//! Simulations whose answers are known, submitted as any user submits.

use std::time::{Duration, Instant};

use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::store::ReadOnly;
use serde_json::Value;
use uuid::Uuid;

use super::{Answer, Halt, Heard, database_fails, store};
use crate::api::{Answered, Api, Request};
use crate::subject::Subject;

/// A simulation that was left behind by a test that was cut off is swept away after this time.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);
/// The pause between two looks doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_millis(500);
const LOG: &str = "see `fermiac jobs list` and the logs of the workers";

/// What is asked, what the answer is, and how long it may take, the removal afterwards aside.
struct Known {
    request: &'static str,
    outputs: &'static str,
    within: Duration,
}

const TINY: Known = Known {
    request: include_str!("../known/tiny_request.json"),
    outputs: include_str!("../known/tiny_outputs.json"),
    within: Duration::from_secs(60),
};
/// Several seconds of work: more than one slice is made of it even for a single slot.
const SLICED: Known = Known {
    request: include_str!("../known/sliced_request.json"),
    outputs: include_str!("../known/sliced_outputs.json"),
    within: Duration::from_secs(170),
};

pub async fn tiny(subject: &Subject, heard: &Heard) -> Answer {
    simulate(subject, heard, &TINY).await
}

pub async fn sliced(subject: &Subject, heard: &Heard) -> Answer {
    simulate(subject, heard, &SLICED).await
}

async fn simulate(subject: &Subject, heard: &Heard, known: &Known) -> Answer {
    let caller = Caller::of(subject, heard).await?;
    let started = Instant::now();
    let id = caller.submit(known).await?;
    let answered = match tokio::time::timeout(known.within, caller.outputs(id)).await {
        Ok(outputs) => outputs.and_then(|outputs| caller.compare(&outputs, known)),
        Err(_) => {
            let what = format!("simulation {id} is not done after {} s", known.within.as_secs());
            Err(caller.fails(what, LOG))
        }
    };
    let took = started.elapsed();
    // Whatever came of it: nothing stays.
    let swept = store(subject)?.sweep_synthetic(id, LEFT_BEHIND).await;
    answered?;
    let swept = swept.map_err(|error| database_fails(subject, &error.to_string()))?;
    if swept == 0 {
        return Err(caller.fails(
            format!("simulation {id} was not there to be removed"),
            "see that FERMIAC_SMOKE_URL and DATABASE_URL are of the same system",
        ));
    }
    Ok(format!("the answer that is known, after {:.2} s", took.as_secs_f64()))
}

/// A synthetic user.
struct Caller {
    api: Api,
    bearer: String,
    /// Whether the database is, which its API has to know.
    is_read_only: bool,
}

impl Caller {
    /// The one whose key the profile has: nobody whose work counts.
    async fn of(subject: &Subject, heard: &Heard) -> Result<Caller, Halt> {
        let api = Api::of(subject, heard)?;
        let make =
            format!("make one with `fermiac users add smoke --synthetic --env {}`", subject.environment);
        let Some(key) = &subject.settings.smoke.api_key else {
            let what = "there is no key of a synthetic user";
            return Err(match subject.environment.is_exposed() {
                true => Halt::fail(what, "FERMIAC_SMOKE_API_KEY", make),
                false => Halt::Skip(format!("{what} in FERMIAC_SMOKE_API_KEY: {make}")),
            });
        };
        let user = store(subject)?.user_by_key(key.expose()).await;
        let user = user.map_err(|error| database_fails(subject, &error.to_string()))?;
        let what = match user {
            Some(user) if user.synthetic => {
                let is_read_only = store(subject)?.read_only().await;
                let is_read_only =
                    is_read_only.map_err(|error| database_fails(subject, &error.to_string()))?.is_some();
                return Ok(Caller { api, bearer: format!("Bearer {}", key.expose()), is_read_only });
            }
            Some(user) => format!("the key is of {:?}, whose work would count as people's", user.name),
            None => "the key is not known, or was revoked".to_owned(),
        };
        Err(Halt::fail(what, "FERMIAC_SMOKE_API_KEY", make))
    }

    async fn submit(&self, known: &Known) -> Result<SimulationId, Halt> {
        let mut request = self.request();
        request.headers.push(("Idempotency-Key", format!("smoke-{}", Uuid::now_v7())));
        request.body = Some(known.request);
        let answered = self.api.ask("/v1/simulations", request).await?;
        let document = self.document(&answered, "the submission")?;
        let id = document["id"].as_str().and_then(|id| id.parse().ok());
        id.ok_or_else(|| self.fails("what was accepted has no id", LOG))
    }

    /// What it comes to, once it does.
    async fn outputs(&self, id: SimulationId) -> Result<Value, Halt> {
        let path = format!("/v1/simulations/{id}");
        let mut pause = FIRST_PAUSE;
        loop {
            let looked = self.document(&self.api.ask(&path, self.request()).await?, "the simulation")?;
            match looked["state"].as_str().unwrap_or_default() {
                "succeeded" => break,
                "queued" | "running" => tokio::time::sleep(pause).await,
                state => {
                    let why = looked["error"].as_str().unwrap_or("no reason was given");
                    return Err(self.fails(format!("simulation {id} is {state}: {why}"), LOG));
                }
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
        let answered = self.api.ask(&format!("{path}/result"), self.request()).await?;
        Ok(self.document(&answered, "the result")?["outputs"].take())
    }

    fn compare(&self, outputs: &Value, known: &Known) -> Result<(), Halt> {
        let expected: Value = serde_json::from_str(known.outputs).unwrap_or_default();
        if *outputs == expected {
            return Ok(());
        }
        let what = format!("the result is wrong: {}", difference(&expected, outputs).unwrap_or_default());
        Err(self.fails(what, "let nobody rely on results until it is known which worker computes so"))
    }

    fn document(&self, answered: &Answered, of: &str) -> Result<Value, Halt> {
        if (200..300).contains(&answered.status) {
            return serde_json::from_slice(&answered.body)
                .map_err(|error| self.fails(format!("{of} is no JSON: {error}"), LOG));
        }
        let problem: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or("without a reason");
        if problem["type"] == ReadOnly::PROBLEM {
            return Err(match self.is_read_only {
                true => Halt::Skip(detail.to_owned()),
                false => self.fails(
                    format!("{detail}, it answered, and the database takes what is written"),
                    "see that it serves the database of DATABASE_URL; it hears of the switch within two seconds",
                ),
            });
        }
        Err(self.fails(format!("{of} was answered {}: {detail}", answered.status), "see the log of the API"))
    }

    fn request(&self) -> Request {
        Request { headers: vec![("Authorization", self.bearer.clone())], body: None }
    }

    fn fails(&self, what: impl Into<String>, what_to_do: &str) -> Halt {
        Halt::fail(what, self.api.address(), what_to_do)
    }
}

/// The first place at which two documents differ.
fn difference(expected: &Value, found: &Value) -> Option<String> {
    if let (Value::Object(expected), Value::Object(found)) = (expected, found)
        && expected.keys().eq(found.keys())
    {
        return expected.iter().find_map(|(key, value)| {
            difference(value, &found[key]).map(|difference| format!("{key}.{difference}"))
        });
    }
    (expected != found).then(|| format!(" {found} in place of {expected}").chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let expected: Value = serde_json::from_str(TINY.outputs).unwrap();
        assert_eq!(difference(&expected, &expected), None);
        let mut found = expected.clone();
        let mean = found["y"]["mean"].as_f64().unwrap();
        found["y"]["mean"] = f64::from_bits(mean.to_bits() + 1).into();
        let difference = difference(&expected, &found).unwrap();
        assert!(difference.starts_with("y.mean."), "{difference}");
    }
}
