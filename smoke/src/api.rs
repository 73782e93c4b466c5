//! The public API, as its users reach it.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::checks::{Halt, Heard};
use crate::subject::Subject;
use crate::suite::Check;

/// One request may take so long.
const ANSWERED_WITHIN: Duration = Duration::from_secs(8);
/// More is not read of an answer.
const MAX_ANSWER: u64 = 16 << 20;

/// Talks to it.
#[derive(Debug, Clone)]
pub struct Api {
    agent: Agent,
    address: String,
    /// Its certificate was found wanting: that it cannot be reached is no news.
    is_certificate_bad: bool,
}

/// What it said.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub body: Vec<u8>,
}

/// What is asked of it.
#[derive(Debug, Default)]
pub struct Request {
    /// Whether it is posted, and what.
    pub body: Option<&'static str>,
    pub headers: Vec<(&'static str, String)>,
}

impl Api {
    /// The subject's.
    pub fn of(subject: &Subject, heard: &Heard) -> Result<Api, Halt> {
        let address = subject.url().ok_or_else(|| {
            let what_to_do = "name where users reach the API, such as https://example.org";
            Halt::fail("nothing says where the API answers", "FERMIAC_SMOKE_URL", what_to_do)
        })?;
        let roots = match &subject.settings.smoke.root_certificate {
            Some(path) => RootCerts::Specific(Arc::new(read_certificates(path)?)),
            None => RootCerts::WebPki,
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWERED_WITHIN))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        let is_certificate_bad = address.starts_with("https:") && heard.failed(Check::Certificate);
        Ok(Api { agent: config.new_agent(), address, is_certificate_bad })
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it says at this path, or at another place if that is a whole address.
    pub async fn get(&self, path: &str) -> Result<Answered, Halt> {
        self.ask(path, Request::default()).await
    }

    /// What it says to this.
    pub async fn ask(&self, path: &str, request: Request) -> Result<Answered, Halt> {
        let address =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.address) };
        let (agent, asked) = (self.agent.clone(), address.clone());
        let asking = tokio::task::spawn_blocking(move || send(&agent, &asked, &request));
        let answered = asking.await.map_err(|error| self.unreached(&address, &error.to_string()))?;
        answered.map_err(|error| self.unreached(&address, &error.to_string()))
    }

    fn unreached(&self, address: &str, reason: &str) -> Halt {
        if self.is_certificate_bad {
            return Halt::Skip(format!("it cannot be reached, as `certificate` lets expect: {reason}"));
        }
        let what_to_do = "see that the API runs, and is reached from here under this address";
        Halt::fail(format!("it does not answer: {reason}"), address, what_to_do)
    }
}

impl Answered {
    /// What was said, as far as it is text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn send(agent: &Agent, address: &str, request: &Request) -> Result<Answered, ureq::Error> {
    let mut answer = match request.body {
        Some(body) => {
            let post = request
                .headers
                .iter()
                .fold(agent.post(address), |post, (name, value)| post.header(*name, value));
            post.content_type("application/json").send(body)?
        }
        None => request
            .headers
            .iter()
            .fold(agent.get(address), |get, (name, value)| get.header(*name, value))
            .call()?,
    };
    let status = answer.status().as_u16();
    Ok(Answered { status, body: answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()? })
}

fn read_certificates(path: &str) -> Result<Vec<Certificate<'static>>, Halt> {
    let fails = |reason: String| Halt::fail(reason, path, "correct FERMIAC_SMOKE_ROOT_CERTIFICATE");
    let pem = std::fs::read(path)
        .map_err(|error| fails(format!("cannot read the certificate to trust: {error}")))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() { Err(fails("it holds no certificate".to_owned())) } else { Ok(certificates) }
}
