//! What each step does. What it found is written down, and later steps go by that.

use std::time::{Duration, Instant};

use chrono::Utc;
use fermiac_fleet::profile::{Profile, SecretUrl};
use fermiac_fleet::store::{ReadOnly, Store};
use fermiac_maintenance::Places;
use fermiac_maintenance::disaster::{Journal, Step};
use fermiac_maintenance::postgres::DatabaseAddress;
use fermiac_maintenance::restore::{self, Target};
use fermiac_smoke::{Status, Suite};
use serde_json::{Value, json};

use super::super::{backups, failed, homes, smoke};
use crate::arguments::DisasterArguments;
use crate::failure::Failure;

/// What does not answer within this time is lost.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);
/// The pause between two looks whether the roles do their work.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A recovery of one environment into another database.
pub struct Recovery {
    /// Of the environment, with the database that is lost.
    lost: Profile,
    /// The same, with the one that is restored.
    restored: Profile,
    actor: String,
    database: DatabaseAddress,
    places: Places,
    target: Target,
    wait: Duration,
}

impl Recovery {
    /// As its journal plans it.
    pub fn of(
        profile: &Profile,
        journal: &Journal,
        arguments: &DisasterArguments,
    ) -> Result<Recovery, Failure> {
        let plan = journal.plan();
        let url: SecretUrl = backups::without_password(&plan.into)?;
        let mut restored = profile.clone();
        restored.sections.database.url = Some(url.clone());
        Ok(Recovery {
            lost: profile.clone(),
            restored,
            actor: plan.actor.clone(),
            database: DatabaseAddress::of(&url).map_err(backups::told)?,
            places: Places::of(profile).map_err(backups::told)?,
            target: Target::parse(&plan.to),
            wait: Duration::from_secs(arguments.wait),
        })
    }

    /// Takes one step, and says what it found.
    pub async fn take(&self, step: Step, journal: &Journal) -> Result<Value, Failure> {
        // Deep in futures of their own.
        match step {
            Step::Assess => Box::pin(self.assess()).await,
            Step::Activate => Box::pin(self.activate()).await,
            Step::Restore => Box::pin(self.restore(journal)).await,
            Step::Verify => Box::pin(self.verify(journal)).await,
            Step::Switch => Box::pin(self.switch(journal)).await,
            Step::Monitor => Box::pin(self.monitor()).await,
            Step::Document => Ok(Value::Null),
        }
    }

    /// What answers, and what there is to restore. A database that answers and takes what is written is not lost: what
    /// would be written from now on would be.
    async fn assess(&self) -> Result<Value, Failure> {
        let database = within(self.read_only()).await;
        if let Ok(None) = database {
            return Err(Failure::Failed(
                "the database answers and takes what is written, which would be lost: `fermiac read-only on --reason ..`, \
                 then `fermiac backup now`"
                    .to_owned(),
            ));
        }
        let redis = within(async { homes::queue(&self.lost)?.ping().await.map_err(failed) }).await;
        let data = within(async { homes::blobs(&self.lost)?.ping().await.map_err(failed) }).await;
        let backups = within(async { self.places.vault.home().ping().await.map_err(failed) }).await;
        let second = match self.places.at_second() {
            Some(places) => Some(within(async { places.vault.home().ping().await.map_err(failed) }).await),
            None => None,
        };
        let source = match (&backups, &second) {
            (Ok(()), _) => "backups",
            (Err(_), Some(Ok(()))) => "second",
            (Err(error), _) => return Err(Failure::Failed(format!("no place of backups answers: {error}"))),
        };
        let places = self.places_of(source)?;
        let manifest = restore::find(&places.vault, &self.target).await.map_err(backups::told)?;
        if let (Ok(Some(read_only)), Target::Newest) = (&database, &self.target)
            && manifest.taken_at < read_only.since
        {
            return Err(Failure::Failed(format!(
                "the database answers, and was written to after {}, the newest backup: `fermiac backup now`, or begin anew \
                 with --to {}",
                manifest.label, manifest.label
            )));
        }
        Ok(json!({
            "database": said(database.as_ref().map(|_| ())), "redis": said(redis.as_ref().copied()),
            "data": said(data.as_ref().copied()), "backups": said(backups.as_ref().copied()),
            "second": second.as_ref().map(|second| said(second.as_ref().copied())),
            "source": source, "label": manifest.label, "taken_at": manifest.taken_at,
            "age_seconds": (Utc::now() - manifest.taken_at).num_seconds(), "bytes": manifest.bytes(),
        }))
    }

    /// Whether the database that is said to be lost is read-only, if it answers.
    async fn read_only(&self) -> Result<Option<ReadOnly>, Failure> {
        let store = homes::store(&self.lost).await?;
        let read_only = store.read_only().await.map_err(failed)?;
        store.close().await;
        Ok(read_only)
    }

    /// All that the service needs in its new place.
    async fn activate(&self) -> Result<Value, Failure> {
        let empty = restore::refuse_unless_empty(&self.database, &self.places.environment);
        within(async { empty.await.map_err(backups::told) }).await?;
        let named =
            |name: &'static str| move |failure: Failure| Failure::Failed(format!("{name}: {failure}"));
        let redis = within(async { homes::queue(&self.lost)?.ping().await.map_err(failed) }).await;
        redis.map_err(named("REDIS_URL has to name the Redis of the new place"))?;
        let data = within(async { homes::blobs(&self.lost)?.ping().await.map_err(failed) }).await;
        data.map_err(named("FERMIAC_BLOBS_URL has to name the storage of the new place"))?;
        Ok(json!({ "database": "empty", "redis": "answers", "data": "answers" }))
    }

    async fn restore(&self, journal: &Journal) -> Result<Value, Failure> {
        let (places, label) = self.chosen(journal)?;
        let target = Target::Label(label);
        let restored =
            restore::into_database(&places, &target, &self.database).await.map_err(backups::told)?;
        let brought =
            restore::blobs(&places, &target, &homes::blobs(&self.lost)?).await.map_err(backups::told)?;
        Ok(json!({ "label": restored.label, "took_ms": restored.took.as_millis(), "blobs_brought": brought }))
    }

    async fn verify(&self, journal: &Journal) -> Result<Value, Failure> {
        let (places, label) = self.chosen(journal)?;
        let home = homes::blobs(&self.lost)?;
        let checks = restore::verify(&places, &label, &self.database, &home).await.map_err(backups::told)?;
        Ok(json!({ "checks": checks.iter().map(|check| check.name).collect::<Vec<_>>() }))
    }

    /// The restored service takes work again, even if it was backed up while it was read-only.
    async fn switch(&self, journal: &Journal) -> Result<Value, Failure> {
        let (places, label) = self.chosen(journal)?;
        let store: Store = homes::store(&self.restored).await?.acting_as(self.actor.clone());
        store.check_schema().await.map_err(failed)?;
        let was_read_only = store.make_writable().await.map_err(failed)?.is_some();
        restore::note(&places, &self.database, &label, self.actor.clone()).await.map_err(backups::told)?;
        store.close().await;
        Ok(json!({
            "was_read_only": was_read_only,
            "repoint": {
                "DATABASE_URL": journal.plan().into,
                "FERMIAC_BACKUP_DATABASE_URL": "unset, or the same past any PgBouncer",
                "FERMIAC_BLOBS_URL": self.lost.blobs.url,
            },
            "restart": ["fermiac api", "fermiac worker", "fermiac scheduler"],
        }))
    }

    /// Waits until the roles do their work on the restored database, as the environment's usual smoke test sees it.
    async fn monitor(&self) -> Result<Value, Failure> {
        let begun = Instant::now();
        loop {
            let homes = homes::Homes::connect(&self.restored).await?;
            let report = smoke::of(&self.restored, homes).run(Suite::usual(self.restored.environment)).await;
            let passed: Vec<&str> = report
                .checks
                .iter()
                .filter(|finding| finding.status == Status::Passed)
                .map(|finding| finding.name.name())
                .collect();
            if report.passed {
                return Ok(json!({ "suite": report.suite, "checks": passed }));
            }
            if begun.elapsed() + LOOK_EVERY > self.wait {
                return Err(Failure::Failed(report.to_string()));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn chosen(&self, journal: &Journal) -> Result<(Places, String), Failure> {
        let found = journal.found(Step::Assess).cloned().unwrap_or_default();
        let (source, label) = (found["source"].as_str(), found["label"].as_str());
        let missing = || Failure::refused("the journal does not say which backup was found");
        let (source, label) = source.zip(label).ok_or_else(missing)?;
        Ok((self.places_of(source)?, label.to_owned()))
    }

    fn places_of(&self, source: &str) -> Result<Places, Failure> {
        match source {
            "second" => self.places.at_second().ok_or_else(|| {
                Failure::refused(
                    "FERMIAC_BACKUP_SECOND_URL: the backup was found there, and it is not set any more",
                )
            }),
            _ => Ok(self.places.clone()),
        }
    }
}

async fn within<T>(asking: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWERS_WITHIN, asking).await {
        Ok(answered) => answered,
        Err(_) => Err(Failure::Failed(format!("no answer within {} s", ANSWERS_WITHIN.as_secs()))),
    }
}

fn said(answered: Result<(), &Failure>) -> String {
    answered.map_or_else(ToString::to_string, |()| "answers".to_owned())
}
