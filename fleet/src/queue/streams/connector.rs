//! Makes connections that notice when the other side is gone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, RedisResult, TlsCertificates};

use crate::queue::{QueueError, QueueSettings, Result};

/// An idle connection is probed after so long, and so often; and one whose data nobody acknowledges is given up.
const PROBE_AFTER: Duration = Duration::from_secs(5);
const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBES: u32 = 3;
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// Knows the server and its password.
#[derive(Clone)]
pub struct Connector {
    client: Arc<Client>,
    connect_within: Duration,
}

impl Connector {
    pub fn new(url: &str, settings: &QueueSettings) -> Result<Self> {
        let server = url.into_connection_info().map_err(QueueError::Url)?.set_tcp_settings(tcp_settings());
        let client = match &settings.root_certificate {
            None => Client::open(server),
            Some(certificate) => {
                let root_cert = Some(certificate.clone());
                Client::build_with_tls(server, TlsCertificates { client_tls: None, root_cert })
            }
        };
        Ok(Connector {
            client: Arc::new(client.map_err(QueueError::Url)?),
            connect_within: settings.connect_within,
        })
    }

    /// A new connection; a command on it that is not answered within a time is an error.
    pub async fn connect(&self, answer_within: Duration) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_within))
            .set_response_timeout(Some(answer_within));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

fn tcp_settings() -> TcpSettings {
    let keepalive =
        TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_EVERY).with_retries(PROBES);
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(UNACKNOWLEDGED);
    settings
}

impl fmt::Debug for Connector {
    /// Without the address, which may hold the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").finish_non_exhaustive()
    }
}
