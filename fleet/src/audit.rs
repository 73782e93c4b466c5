//! The audit trail: who did what when, in entries that are sealed one after another, each with a hash of all before it.
//!
//! An entry is written in the transaction of what it tells. A duty seals it within seconds: it gets the next number and
//!
//! hash(n) = SHA-256(hash(n - 1) | n | id | instant | actor | action | subject | detail)
//!
//! where hash(0) is 32 zero bytes, numbers are 8 bytes, the lowest first, the instant is in milliseconds since 1970, and
//! a text is preceded by its length in bytes. Whoever alters, removes or inserts a sealed entry breaks the chain behind
//! it; whoever makes the whole chain anew cannot bring back a [`Head`] that was noted elsewhere.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::hex::hex;
use crate::job::named;

named! {
    /// What was done.
    Action {
        /// A role of the fleet began, with these settings.
        RoleStarted = "role.started",
        /// Migrations were applied.
        SchemaMigrated = "schema.migrated",
        /// A key was used, for the first time in a while.
        AccessGranted = "access.granted",
        /// Keys were refused, so many times in a while.
        AccessDenied = "access.denied",
        /// A user was added.
        UserAdded = "user.added",
        /// A user's key was taken away.
        UserRevoked = "user.revoked",
        /// A workbook was uploaded.
        WorkbookUploaded = "workbook.uploaded",
        /// A workbook was deleted.
        WorkbookDeleted = "workbook.deleted",
        /// A simulation was submitted.
        SimulationSubmitted = "simulation.submitted",
        /// A simulation was cancelled.
        SimulationCancelled = "simulation.cancelled",
        /// A dead letter was tried again.
        JobRetried = "job.retried",
        /// A schedule was seen for the first time.
        ScheduleAdded = "schedule.added",
        /// A schedule has another time.
        ScheduleChanged = "schedule.changed",
        /// A schedule was emitted by hand.
        ScheduleRun = "schedule.run",
        /// A backup was begun.
        BackupBegun = "backup.begun",
        /// A backup is in its bucket.
        BackupUploaded = "backup.uploaded",
        /// A backup was found whole.
        BackupVerified = "backup.verified",
        /// A backup broke off, or is damaged.
        BackupFailed = "backup.failed",
        /// A backup was deleted.
        BackupExpired = "backup.expired",
        /// A backup is kept whatever its age.
        BackupPinned = "backup.pinned",
        /// A backup is no longer kept whatever its age.
        BackupUnpinned = "backup.unpinned",
        /// This database was restored.
        DatabaseRestored = "database.restored",
        /// A restore drill was held.
        RestoreDrilled = "restore.drilled",
        /// What was old was deleted.
        RetentionApplied = "retention.applied",
        /// The service became read-only, or has another reason to be so.
        ServiceReadOnly = "service.read_only",
        /// The service is no longer read-only.
        ServiceWritable = "service.writable",
    }
}

/// What is to be written down: whoever writes it adds who and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What was done.
    pub action: Action,
    /// To what: an id, a label, a name.
    pub subject: String,
    /// What else there is to say, or nothing.
    pub detail: String,
}

impl Act {
    /// An act of which there is nothing else to say.
    #[must_use]
    pub fn on(action: Action, subject: impl fmt::Display) -> Act {
        Act { action, subject: subject.to_string(), detail: String::new() }
    }

    /// The same, with what else there is to say.
    #[must_use]
    pub fn saying(self, detail: impl fmt::Display) -> Act {
        Act { detail: detail.to_string(), ..self }
    }
}

/// An act as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub id: Uuid,
    /// When, to the millisecond.
    pub at: DateTime<Utc>,
    /// Who: `user:ID`, `operator:LOGIN@HOST`, or a role and its host.
    pub actor: String,
    /// What, as [`Action::name`] of this or another version says.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else there is to say.
    pub detail: String,
}

/// An entry that is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The entry.
    pub entry: Entry,
    /// How it is sealed.
    pub head: Head,
}

/// How the chain stands after so many entries.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// How many.
    pub number: u64,
    /// The last one's hash.
    pub hash: [u8; 32],
}

impl Head {
    /// How the chain stands when `entry` is sealed next.
    #[must_use]
    pub fn after(self, entry: &Entry) -> Head {
        let number = self.number + 1;
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update(number.to_le_bytes());
        hash.update(entry.id.as_bytes());
        hash.update(entry.at.timestamp_millis().to_le_bytes());
        for text in [&entry.actor, &entry.action, &entry.subject, &entry.detail] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        Head { number, hash: hash.finalize().into() }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.number, hex(&self.hash))
    }
}

/// What is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a head is a number, a colon and 64 hexadecimal digits, as `fermiac audit verify` prints it")]
pub struct NoHead;

/// In logs too a head is what `--noted` takes.
impl fmt::Debug for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Head, NoHead> {
        let (number, digits) = text.split_once(':').ok_or(NoHead)?;
        let number = number.parse().map_err(|_| NoHead)?;
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
        let bytes: Vec<u8> = pairs.iter().map(byte).collect::<Option<_>>().ok_or(NoHead)?;
        let hash = bytes.try_into().map_err(|_| NoHead)?;
        if rest.is_empty() { Ok(Head { number, hash }) } else { Err(NoHead) }
    }
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing, or there twice.
    #[error("entry {expected} is missing: the next one there is {found}")]
    Missing {
        /// Which should come.
        expected: u64,
        /// Which came.
        found: u64,
    },
    /// An entry is not the one that was sealed.
    #[error(
        "entry {number} is not what was sealed: {actor} {action} {subject} at {at}, or an entry before it"
    )]
    Altered {
        /// Which.
        number: u64,
        /// What it says now.
        actor: String,
        /// What it says now.
        action: String,
        /// What it says now.
        subject: String,
        /// What it says now.
        at: DateTime<Utc>,
    },
    /// The whole chain was made anew, or its end is gone.
    #[error("the head {0} that was noted is not in this chain: entries were removed, or all sealed anew")]
    OtherChain(Head),
}

/// Follows a chain from its beginning.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    head: Head,
    awaited: Option<Head>,
}

impl Verifier {
    /// One that has to come past a head that was noted before.
    #[must_use]
    pub fn awaiting(noted: Option<Head>) -> Verifier {
        Verifier { head: Head::default(), awaited: noted.filter(|head| head.number > 0) }
    }

    /// How the chain stands so far.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Takes the next link.
    ///
    /// # Errors
    /// When the chain is broken here.
    pub fn take(&mut self, link: &Link) -> Result<(), Broken> {
        let next = self.head.after(&link.entry);
        if link.head.number != next.number {
            return Err(Broken::Missing { expected: next.number, found: link.head.number });
        }
        if link.head.hash != next.hash {
            let Entry { actor, action, subject, at, .. } = link.entry.clone();
            return Err(Broken::Altered { number: next.number, actor, action, subject, at });
        }
        self.head = next;
        match self.awaited {
            Some(noted) if noted.number == next.number => {
                self.awaited = None;
                if noted == next { Ok(()) } else { Err(Broken::OtherChain(noted)) }
            }
            _ => Ok(()),
        }
    }

    /// How the chain stands at its end.
    ///
    /// # Errors
    /// When it ends before the head that was noted.
    pub fn end(self) -> Result<Head, Broken> {
        self.awaited.map_or(Ok(self.head), |noted| Err(Broken::OtherChain(noted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(words: &[String; 4], at: i64) -> Entry {
        let [actor, action, subject, detail] = words.clone();
        let at = DateTime::from_timestamp_millis(at).unwrap();
        Entry { id: Uuid::from_u128(7), at, actor, action, subject, detail }
    }

    fn chain(entries: impl IntoIterator<Item = Entry>) -> Vec<Link> {
        let seal = |head: &mut Head, entry: Entry| {
            *head = head.after(&entry);
            Some(Link { entry, head: *head })
        };
        entries.into_iter().scan(Head::default(), seal).collect()
    }

    fn verify(links: &[Link], noted: Option<Head>) -> Result<Head, Broken> {
        let mut verifier = Verifier::awaiting(noted);
        links.iter().try_for_each(|link| verifier.take(link))?;
        verifier.end()
    }

    fn words() -> impl Strategy<Value = [String; 4]> {
        prop::array::uniform4("[ab]{0,3}")
    }

    proptest! {
        #[test]
        fn whatever_is_done_to_a_chain_shows(
            entries in prop::collection::vec((words(), 0i64..1000), 2..20),
            at in any::<prop::sample::Index>(),
            other in (words(), 0i64..1000),
        ) {
            let entries: Vec<Entry> = entries.iter().map(|(words, at)| entry(words, *at)).collect();
            let links = chain(entries.clone());
            let head = links.last().unwrap().head;
            prop_assert_eq!(verify(&links, Some(head)), Ok(head));
            prop_assert_eq!(head.to_string().parse::<Head>(), Ok(head));

            let place = at.index(links.len());
            let mut altered = links.clone();
            altered[place].entry = entry(&other.0, other.1);
            prop_assert_eq!(verify(&altered, None).is_err(), altered[place] != links[place]);
            let mut removed = links.clone();
            removed.remove(place);
            prop_assert!(verify(&removed, Some(head)).is_err());
            // Sealed anew, the chain is whole, but no longer the one whose head was noted.
            let mut fewer = entries;
            fewer.remove(place);
            let anew = chain(fewer);
            prop_assert!(verify(&anew, None).is_ok());
            prop_assert_eq!(verify(&anew, Some(head)), Err(Broken::OtherChain(head)));
        }
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let of = |words: [&str; 4]| Head::default().after(&entry(&words.map(str::to_owned), 0));
        assert_ne!(of(["ab", "", "", ""]), of(["a", "b", "", ""]));
    }

    #[test]
    fn a_chain_has_the_hash_that_anybody_can_compute() {
        // Made by Python's hashlib from the fields as the head of this file puts them.
        let head = Head::default().after(&entry(&["a", "b", "c", ""].map(str::to_owned), 1));
        assert_eq!(head.to_string(), "1:43f669a772a927288d3f1508349256ede6578beb4a88b07498267b6c9f6a7cec");
        assert_eq!("1:12".parse::<Head>(), Err(NoHead));
    }
}
