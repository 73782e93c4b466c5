//! How long a queue waits for its server.

use std::time::Duration;

/// Bounds on waiting. The defaults notice a dead connection within about three seconds.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// A connection is made within this time, or tried again.
    pub connect_within: Duration,
    /// A command is answered within this time, or its connection is given up.
    pub answer_within: Duration,
    /// An operation is tried again on new connections for so long before it is an error.
    pub patience: Duration,
    /// One read waits at the server at most so long; listening for longer is several reads. An answer that is later than
    /// this by more than a second means that the connection is dead.
    pub longest_read: Duration,
    /// The certificate, as PEM, that signed the server's, where it is not one that the public knows.
    pub root_certificate: Option<Vec<u8>>,
}

impl Default for QueueSettings {
    fn default() -> Self {
        QueueSettings {
            connect_within: Duration::from_secs(2),
            answer_within: Duration::from_secs(3),
            patience: Duration::from_secs(5),
            longest_read: Duration::from_secs(2),
            root_certificate: None,
        }
    }
}
