//! What is tested: the homes of an environment, and what its profile says of them.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::profile::{Environment, Profile, Sections};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::Store;

/// Where an environment keeps things. A database that is away is a finding, not a reason to find nothing.
#[derive(Debug, Clone)]
pub struct Homes {
    /// The store, or why there is none.
    pub store: Result<Store, String>,
    /// The queue.
    pub queue: Queue,
    /// The blobs.
    pub blobs: Blobs,
}

/// What is tested.
#[derive(Debug, Clone)]
pub struct Subject {
    pub(crate) environment: Environment,
    pub(crate) settings: Sections,
    pub(crate) homes: Homes,
}

impl Subject {
    /// An environment, as its profile has it and as it is reached from here.
    #[must_use]
    pub fn new(profile: &Profile, homes: Homes) -> Subject {
        Subject { environment: profile.environment, settings: profile.sections.clone(), homes }
    }

    /// Where the API answers: as its users reach it, or on this machine where nobody else does.
    pub(crate) fn url(&self) -> Option<String> {
        let usual = || {
            let listen = self.settings.http.listen;
            let host =
                if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
            format!("http://{}", std::net::SocketAddr::new(host, listen.port()))
        };
        match &self.settings.smoke.url {
            Some(url) => Some(url.trim_end_matches('/').to_owned()),
            None if self.environment.is_exposed() => None,
            None => Some(usual()),
        }
    }
}
