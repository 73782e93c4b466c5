//! A fleet that answers over HTTP, as its callers see it.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use backoff::{Error, ExponentialBackoffBuilder};
use chrono::Utc;
use fermiac_fleet::store::ReadOnly;
use fermiac_simulation::SimulationRequest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use uuid::Uuid;

use crate::failure::Failure;

const SERVER: &str = "FERMIAC_SERVER";
const KEY: &str = "FERMIAC_API_KEY";
const KEY_FILE: &str = "FERMIAC_API_KEY_FILE";
/// Where `fermiac dev` answers.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8000";
/// How long a server may be away: long enough for one that is replaced.
const PATIENCE: Duration = Duration::from_secs(60);
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// An answer has to begin within this.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Documents are read up to here.
const MAX_DOCUMENT: u64 = 1 << 30;

/// A simulation that was accepted, and how it stands.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Accepted {
    pub id: String,
    pub state: String,
    pub trials: u64,
    pub trials_done: u64,
    pub error: Option<String>,
}

/// What is read of a problem.
#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type", default)]
    kind: String,
    detail: String,
}

/// What is read of a workbook that was taken.
#[derive(Deserialize)]
struct Workbook {
    id: String,
}

/// A fleet, and the key it knows the caller by.
pub struct Server {
    address: String,
    key: String,
    agent: Agent,
}

impl Server {
    /// The one that was typed, or that the environment names.
    pub fn named(typed: Option<&str>) -> Result<Server, Failure> {
        let address = match typed {
            Some(address) => address.to_owned(),
            None => std::env::var(SERVER).unwrap_or_else(|_| DEFAULT_SERVER.to_owned()),
        };
        let address = address.trim_end_matches('/').to_owned();
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(Failure::Refused(format!(
                "the server {address:?}: write its address as http://HOST:PORT or https://HOST"
            )));
        }
        let agent = Agent::config_builder()
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_recv_response(Some(ANSWER_WITHIN))
            .http_status_as_error(false)
            .build()
            .into();
        Ok(Server { address, key: key()?, agent })
    }

    /// What to call it.
    pub fn host(&self) -> &str {
        self.address.split_once("://").map_or(&self.address, |(_, host)| host)
    }

    /// Stores the workbook in the file `path`, and gives its id there.
    pub fn upload(&self, path: &Path) -> Result<String, Failure> {
        let unreadable =
            |error: std::io::Error| Failure::Refused(format!("cannot read {}: {error}", path.display()));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let workbook: Workbook = self.patiently(|| {
            let file = File::open(path).map_err(unreadable)?;
            let length = file.metadata().map_err(unreadable)?.len();
            let request = self.agent.post(format!("{}/v1/workbooks", self.address)).query("name", &name);
            let request = request.header("Content-Length", length.to_string());
            Ok(request.header("Authorization", self.bearer()).content_type(WORKBOOK).send(file))
        })?;
        Ok(workbook.id)
    }

    /// Submits, once: a key of its own makes sure of that, however often the request has to be sent.
    pub fn submit(&self, request: &SimulationRequest) -> Result<Accepted, Failure> {
        let body = serde_json::to_vec(request)
            .map_err(|error| Failure::Failed(format!("cannot write the request: {error}")))?;
        let once = Uuid::now_v7().to_string();
        self.patiently(|| {
            let post = self.agent.post(format!("{}/v1/simulations", self.address));
            let post = post.header("Authorization", self.bearer()).header("Idempotency-Key", &once);
            Ok(post.content_type("application/json").send(&body[..]))
        })
    }

    /// How a simulation stands.
    pub fn simulation(&self, id: &str) -> Result<Accepted, Failure> {
        self.patiently(|| Ok(self.get(&format!("/v1/simulations/{id}"))))
    }

    /// The document of a simulation that succeeded, as it is stored.
    pub fn result(&self, id: &str) -> Result<Vec<u8>, Failure> {
        self.patiently_read(
            || Ok(self.get(&format!("/v1/simulations/{id}/result"))),
            |mut response| response.body_mut().with_config().limit(MAX_DOCUMENT).read_to_vec(),
        )
    }

    /// The samples of a simulation that succeeded, as they come.
    pub fn samples(&self, id: &str) -> Result<impl Read, Failure> {
        self.patiently_read(
            || Ok(self.get(&format!("/v1/simulations/{id}/samples"))),
            |response| Ok(response.into_body().into_reader()),
        )
    }

    fn get(&self, path: &str) -> Result<Response<Body>, ureq::Error> {
        self.agent.get(format!("{}{path}", self.address)).header("Authorization", self.bearer()).call()
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    fn patiently<T: DeserializeOwned>(
        &self,
        send: impl FnMut() -> Result<Result<Response<Body>, ureq::Error>, Failure>,
    ) -> Result<T, Failure> {
        self.patiently_read(send, |mut response| response.body_mut().read_json())
    }

    /// Sends until there is an answer that stands: a server that is away or busy is asked again for a while.
    fn patiently_read<T>(
        &self,
        mut send: impl FnMut() -> Result<Result<Response<Body>, ureq::Error>, Failure>,
        read: impl Fn(Response<Body>) -> Result<T, ureq::Error>,
    ) -> Result<T, Failure> {
        let pauses = ExponentialBackoffBuilder::new().with_max_elapsed_time(Some(PATIENCE)).build();
        let until = (Utc::now() + PATIENCE).format("%H:%M:%S UTC");
        let mut is_told = false;
        let tell = |failure: Failure, _: Duration| {
            if !std::mem::replace(&mut is_told, true) {
                eprintln!("fermiac: {failure}; trying again until {until}");
            }
        };
        let ask = || {
            let response = match send().map_err(Error::permanent)? {
                Ok(response) => response,
                Err(error) => return Err(self.unanswered(error)),
            };
            if response.status().is_success() {
                return read(response).map_err(|error| self.unanswered(error));
            }
            Err(self.refusal(response))
        };
        let answer = backoff::retry_notify(pauses, ask, tell);
        answer.map_err(|error| match error {
            Error::Permanent(failure) | Error::Transient { err: failure, .. } => failure,
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "errors are handed over by value")]
    fn unanswered(&self, error: ureq::Error) -> Error<Failure> {
        let failure = Failure::Failed(format!("{}: {error}", self.address));
        match error {
            ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => {
                Error::transient(failure)
            }
            _ => Error::permanent(failure),
        }
    }

    /// What a server says that does not do it: whose fault it is decides the exit code.
    fn refusal(&self, mut response: Response<Body>) -> Error<Failure> {
        let status = response.status();
        let text = response.body_mut().read_to_string().unwrap_or_default();
        let detail = match serde_json::from_str::<Problem>(&text) {
            Ok(Problem { kind, detail }) if kind == ReadOnly::PROBLEM => {
                format!("{} takes nothing for now: {detail}", self.host())
            }
            Ok(problem) => problem.detail,
            Err(_) => format!("{} answered {status}", self.address),
        };
        match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
                Error::transient(Failure::Failed(detail))
            }
            _ if status.is_client_error() => Error::permanent(Failure::Refused(detail)),
            _ => Error::permanent(Failure::Failed(detail)),
        }
    }
}

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Never typed: what is typed can be seen by everybody on the machine.
fn key() -> Result<String, Failure> {
    let key = match std::env::var_os(KEY_FILE) {
        Some(path) => std::fs::read_to_string(&path)
            .map_err(|error| Failure::Refused(format!("{KEY_FILE}={}: {error}", path.display())))?,
        None => std::env::var(KEY).unwrap_or_default(),
    };
    let key = key.trim().to_owned();
    if key.is_empty() {
        return Err(Failure::Refused(format!(
            "{KEY} has to hold an API key, or {KEY_FILE} name a file that does; `fermiac users add` makes keys"
        )));
    }
    Ok(key)
}
