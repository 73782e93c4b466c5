//! Who submits: over HTTP, on connections that are kept, and again until it is accepted.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

/// One request may take so long; the API gives up what hangs before.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);
/// The pause before what was not accepted is submitted again.
const PAUSE: Duration = Duration::from_millis(100);
/// Far beyond every fault.
const ACCEPTED_WITHIN: Duration = Duration::from_secs(120);

/// Talks to one API.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    address: String,
    key: String,
}

impl Client {
    /// For the API on this port of this machine.
    pub fn new(port: u16, key: &str) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWERED_WITHIN))
            .proxy(None)
            .build();
        Client {
            agent: config.new_agent(),
            address: format!("http://127.0.0.1:{port}"),
            key: format!("Bearer {key}"),
        }
    }

    /// Whether requests should come.
    pub fn is_ready(&self) -> bool {
        self.agent.get(format!("{}/ready", self.address)).call().is_ok_and(|answer| answer.status() == 200)
    }

    /// Submits until it is accepted, always under the same key, and gives the simulation's id.
    ///
    /// # Panics
    /// When it is refused, or not accepted for long.
    pub fn submit(&self, request: &str, idempotency_key: &str) -> String {
        let started = Instant::now();
        loop {
            let why = match self.submit_once(request, idempotency_key) {
                Ok(id) => return id,
                Err(why) => why,
            };
            assert!(started.elapsed() < ACCEPTED_WITHIN, "not accepted for long: {why}");
            thread::sleep(PAUSE);
        }
    }

    fn submit_once(&self, request: &str, idempotency_key: &str) -> Result<String, String> {
        let post = self
            .agent
            .post(format!("{}/v1/simulations", self.address))
            .header("authorization", &self.key)
            .header("idempotency-key", idempotency_key)
            .content_type("application/json");
        let mut answer = post.send(request).map_err(|error| error.to_string())?;
        let body = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        match answer.status().as_u16() {
            200 | 202 => {
                let accepted: Value = serde_json::from_str(&body).expect("what is accepted is JSON");
                Ok(accepted["id"].as_str().expect("what is accepted has an id").to_owned())
            }
            status @ 500.. => Err(format!("{status}: {body}")),
            status => panic!("refused: {status}: {body}"),
        }
    }

    /// The bytes at an address below that of a simulation, `result` or `samples`.
    pub fn fetch(&self, simulation: &str, what: &str) -> Vec<u8> {
        let get = self.agent.get(format!("{}/v1/simulations/{simulation}/{what}", self.address));
        let mut answer: Response<Body> =
            get.header("authorization", &self.key).call().expect("it is answered");
        assert_eq!(answer.status(), 200, "the {what} of {simulation}");
        answer.body_mut().read_to_vec().expect("the body is whole")
    }
}
