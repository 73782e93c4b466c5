//! Names of things, one type each, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::job::Kind;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new one; later ones sort after earlier ones, so that rows are added at the end of an index.
            #[must_use]
            pub fn new() -> Self {
                $name(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map($name)
            }
        }
    };
}

id! {
    /// A unit of work in the queue.
    JobId
}
id! {
    /// What a user submitted.
    SimulationId
}
id! {
    /// A workbook that a user uploaded. Users who upload the same bytes have each their own.
    WorkbookId
}
id! {
    /// Who submits.
    UserId
}

impl JobId {
    /// The name of the job of a kind that follows this one: the same whoever computes it, so that one follows once.
    #[must_use]
    pub fn follower(self, kind: Kind) -> JobId {
        JobId(Uuid::new_v5(&self.0, kind.name().as_bytes()))
    }
}
