//! What can happen on the way to S3.

use std::time::{Duration, Instant};

use bytes::Bytes;
use fermiac_fleet::blobs::{BlobError, BlobSettings, Blobs, S3Keys};
use fermiac_harness::{Fault, Mode, S3Server, TcpProxy, await_until};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::support::{BUCKET, MEBIBYTE, SOON, content, on, pieces, settings};

/// More than two parts.
const LARGE: usize = 20 * MEBIBYTE;

fn impatient(server: &S3Server) -> Blobs {
    let settings =
        BlobSettings { answer_within: Duration::from_millis(500), attempts: 2, ..settings(server) };
    Blobs::connect(&settings).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_pass_are_not_seen() {
    let server = S3Server::start(BUCKET);
    let blobs = on(&server);
    for fault in [Fault::Error, Fault::SlowDown, Fault::CutRequest(0), Fault::CutAnswer(0)] {
        server.spoil(fault, 0, 2);
        blobs.put("x", content(100)).await.unwrap();
        server.spoil(fault, 0, 2);
        assert_eq!(blobs.get("x", 100).await.unwrap(), content(100));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_in_parts_survives_the_loss_of_any_of_its_requests() {
    let server = S3Server::start(BUCKET);
    let blobs = on(&server);
    let content = content(LARGE);
    // Beginning, three parts, a look, and the end.
    for place in 0..6 {
        for fault in [Fault::Error, Fault::CutRequest(MEBIBYTE), Fault::CutAnswer(0)] {
            let key = format!("{place}/{}", server.requests());
            server.spoil(fault, place, 1);
            blobs.put_stream(&key, pieces(&content), u64::MAX).await.unwrap();
            assert!(blobs.get(&key, LARGE as u64).await.unwrap() == content, "{fault:?} at {place}");
        }
    }
    assert_eq!(server.keys(BUCKET).len(), 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lasting_error_is_one_that_may_pass_and_leaves_nothing() {
    let server = S3Server::start(BUCKET);
    let blobs = impatient(&server);
    server.spoil(Fault::Error, 0, usize::MAX);
    let error = blobs.put("x", content(100)).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(blobs.ping().await.unwrap_err().is_transient());
    server.heal();
    assert_eq!(server.keys(BUCKET), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_not_renamed_where_nobody_knows_whether_the_other_is_there() {
    let server = S3Server::start(BUCKET);
    let blobs = impatient(&server);
    blobs.put("x", content(100)).await.unwrap();
    // Both tries of the look at the other key.
    server.spoil(Fault::Error, 0, 2);
    let error = blobs.rename("x", "y").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    server.heal();
    assert_eq!(blobs.get("x", 100).await.unwrap(), content(100));
    blobs.rename("x", "y").await.unwrap();
    assert_eq!(blobs.get("y", 100).await.unwrap(), content(100));
    assert!(matches!(blobs.get("x", 100).await, Err(BlobError::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_fails_in_the_middle_is_aborted() {
    let server = S3Server::start(BUCKET);
    let blobs = impatient(&server);
    for fault in [Fault::Error, Fault::CutRequest(MEBIBYTE), Fault::Hang] {
        // It begins, sends a part, and then both tries of the second part fail.
        server.spoil(fault, 2, 2);
        let error = blobs.put_stream("x", pieces(&content(LARGE)), u64::MAX).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        server.heal();
        await_until("the upload is aborted", SOON, async || server.unfinished_uploads() == 0).await;
        assert_eq!(server.keys(BUCKET), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_client_goes_away_is_aborted() {
    let server = S3Server::start(BUCKET);
    let blobs = on(&server);
    let stalled = stream::iter([Ok::<_, BlobError>(content(9 * MEBIBYTE))]).chain(stream::pending());
    let upload = tokio::spawn(async move { blobs.put_stream("x", stalled, u64::MAX).await });
    await_until("it begins", SOON, async || server.unfinished_uploads() == 1).await;
    upload.abort();
    await_until("it is aborted", SOON, async || server.unfinished_uploads() == 0).await;
    assert_eq!(server.keys(BUCKET), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_client_goes_away_before_it_hears_of_it_is_aborted() {
    let server = S3Server::start(BUCKET);
    let blobs = on(&server);
    let content = content(9 * MEBIBYTE);
    server.spoil(Fault::HoldAnswer, 0, 1);
    let upload = tokio::spawn(async move { blobs.put_stream("x", pieces(&content), u64::MAX).await });
    await_until("it begins", SOON, async || server.unfinished_uploads() == 1).await;
    upload.abort();
    assert!(upload.await.unwrap_err().is_cancelled());
    server.heal();
    await_until("it is aborted", SOON, async || server.unfinished_uploads() == 0).await;
    assert_eq!(server.keys(BUCKET), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_an_error_in_bounded_time() {
    let server = S3Server::start(BUCKET);
    let blobs = impatient(&server);
    server.spoil(Fault::Hang, 0, usize::MAX);
    let started = Instant::now();
    let error = blobs.get("x", 100).await.unwrap_err();
    assert!(error.is_transient() && started.elapsed() < SOON, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_breaks_off_while_it_is_read_is_read_again_or_an_error() {
    let server = S3Server::start(BUCKET);
    let blobs = on(&server);
    let content = content(MEBIBYTE);
    blobs.put("x", content.clone()).await.unwrap();
    server.spoil(Fault::CutAnswer(100_000), 0, 2);
    assert_eq!(blobs.get("x", MEBIBYTE as u64).await.unwrap(), content);
    server.spoil(Fault::CutAnswer(100_000), 0, 1);
    let blob = blobs.get_stream("x").await.unwrap();
    let error = blob.pieces.try_collect::<Vec<Bytes>>().await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_stops_coming_is_an_error_in_bounded_time() {
    let server = S3Server::start(BUCKET);
    let proxy = TcpProxy::to(server.port());
    let settings = BlobSettings {
        endpoint: Some(format!("http://127.0.0.1:{}", proxy.port())),
        answer_within: Duration::from_secs(1),
        ..settings(&server)
    };
    let blobs = Blobs::connect(&settings).unwrap();
    blobs.put("x", content(LARGE)).await.unwrap();
    let mut blob = blobs.get_stream("x").await.unwrap();
    blob.pieces.try_next().await.unwrap().unwrap();
    proxy.set(Mode::Blackhole);
    let started = Instant::now();
    let error = blob.pieces.try_collect::<Vec<Bytes>>().await.unwrap_err();
    assert!(error.is_transient() && started.elapsed() < SOON, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_time_mends_is_refused() {
    let server = S3Server::start(BUCKET);
    let keys = Some(S3Keys { access_key: "harness".to_owned(), secret_key: "wrong".to_owned() });
    let stranger = Blobs::connect(&BlobSettings { keys, ..settings(&server) }).unwrap();
    for error in [
        stranger.put("x", content(1)).await.unwrap_err(),
        stranger.get("x", 1).await.unwrap_err(),
        stranger.ping().await.unwrap_err(),
    ] {
        assert!(matches!(error, BlobError::Refused(_)), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_named() {
    let server = S3Server::start(BUCKET);
    let nowhere = BlobSettings { url: "s3://another-bucket".to_owned(), ..settings(&server) };
    let nowhere = Blobs::connect(&nowhere).unwrap();
    for error in [nowhere.list("", None).await.unwrap_err(), nowhere.ping().await.unwrap_err()] {
        assert_eq!(error.to_string(), "blobs refuse: there is no bucket 'another-bucket'");
    }
}
