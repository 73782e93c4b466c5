//! The database, Redis, the storage.

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use fermiac_fleet::blobs::{BlobError, Blobs};
use uuid::Uuid;

use super::{Answer, Halt, database_fails, store};
use crate::subject::Subject;

/// Where blobs of smoke tests lie.
const PREFIX: &str = "smoke/";
/// One that is older was left behind by a test that was cut off.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

pub async fn database(subject: &Subject) -> Answer {
    let pinged = store(subject)?.ping().await;
    pinged.map_err(|error| database_fails(subject, &error.to_string()))?;
    Ok("it answers".to_owned())
}

pub async fn schema(subject: &Subject) -> Answer {
    let store = store(subject)?;
    let place = || subject.settings.database.url.as_ref().map(ToString::to_string).unwrap_or_default();
    let fails = |reason: String| {
        Halt::fail(reason, place(), format!("`fermiac migrate --env {}`", subject.environment))
    };
    store.check_schema().await.map_err(|error| fails(error.to_string()))?;
    let known = store.migration_state().await.map_err(|error| fails(error.to_string()))?;
    Ok(format!("version {}", known.iter().map(|state| state.version).max().unwrap_or_default()))
}

pub async fn redis(subject: &Subject) -> Answer {
    let queue = &subject.homes.queue;
    if queue.is_in_process() {
        return Err(Halt::Skip("the queue is in the memory of one process: there is no Redis".to_owned()));
    }
    let place = || subject.settings.queue.url.as_ref().map(ToString::to_string).unwrap_or_default();
    let fails = |reason: String| Halt::fail(reason, place(), "start Redis, or correct REDIS_URL");
    let given = Uuid::now_v7().to_string();
    let came_back = queue.round_trip(&given).await.map_err(|error| fails(error.to_string()))?;
    if came_back != given {
        return Err(fails("another value came back than was written".to_owned()));
    }
    Ok("a key was written, read and deleted".to_owned())
}

pub async fn storage(subject: &Subject) -> Answer {
    let blobs = &subject.homes.blobs;
    let place = &subject.settings.blobs.url;
    let fails = |what: &str, reason: &dyn std::fmt::Display| {
        let what_to_do = "see that the bucket is there, FERMIAC_BLOBS_URL names it, and its keys may write, read and delete";
        Halt::fail(format!("{what}: {reason}"), place.clone(), what_to_do)
    };
    // Not every server says at a write that there is no such bucket.
    blobs.ping().await.map_err(|error| fails("the bucket does not answer", &error))?;
    let id = Uuid::now_v7();
    let (key, content) = (format!("{PREFIX}{id}"), Bytes::from(id.to_string().repeat(100)));
    let bytes = content.len();
    blobs.put(&key, content.clone()).await.map_err(|error| fails("cannot write a blob", &error))?;
    let read = blobs.get(&key, bytes as u64).await;
    // Whatever was read: nothing stays.
    let deleted = blobs.delete(std::slice::from_ref(&key)).await;
    let read = read.map_err(|error| fails("cannot read a blob that was just written", &error))?;
    deleted.map_err(|error| fails("cannot delete a blob", &error))?;
    if read != content {
        return Err(fails("other bytes came back than were written", &key));
    }
    if blobs.exists(&key).await.map_err(|error| fails("cannot look for a blob", &error))? {
        return Err(fails("a blob is still there after it was deleted", &key));
    }
    sweep(blobs).await.map_err(|error| fails("cannot remove what an earlier test left", &error))?;
    Ok(format!("{bytes} bytes were written, read and deleted"))
}

async fn sweep(blobs: &Blobs) -> Result<(), BlobError> {
    let before = Utc::now() - LEFT_BEHIND;
    let page = blobs.list(PREFIX, None).await?;
    let old = page.blobs.into_iter().filter(|blob| blob.last_modified < before);
    blobs.delete(&old.map(|blob| blob.key).collect::<Vec<_>>()).await
}
