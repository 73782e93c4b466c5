//! What both homes of blobs promise.

use bytes::Bytes;
use chrono::Utc;
use fermiac_fleet::blobs::{BlobError, BlobSettings, Blobs, S3Keys};
use fermiac_harness::{Folder, S3Server, await_until};
use futures_util::{TryStreamExt, stream};

use crate::support::{BUCKET, MEBIBYTE, SOON, content, in_folder, on, pieces};

/// Makes of each statement a test for each home.
macro_rules! both {
    ($($statement:ident),+ $(,)?) => {
        mod in_s3 {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $statement() {
                let server = S3Server::start(BUCKET);
                super::$statement(on(&server)).await;
                await_until("uploads are aborted", SOON, async || server.unfinished_uploads() == 0).await;
            })+
        }
        mod in_a_folder {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $statement() {
                let folder = Folder::new("blobs");
                super::$statement(in_folder(&folder)).await;
            })+
        }
    };
}

both! {
    what_was_put_is_got,
    a_stream_comes_back_byte_by_byte_whatever_its_length,
    a_second_put_takes_the_place_of_the_first,
    a_blob_that_is_not_there_is_not_found,
    a_blob_longer_than_allowed_is_not_read,
    a_stream_longer_than_allowed_leaves_nothing,
    a_stream_that_breaks_off_leaves_nothing,
    the_same_content_is_kept_once_under_its_hash,
    deleting_twice_does_no_harm,
    a_list_goes_through_a_prefix_page_by_page,
    keys_that_leave_their_place_are_refused,
    a_home_answers_a_ping,
}

async fn what_was_put_is_got(blobs: Blobs) {
    for (key, content) in [("results/a/b-1.json", content(1_000)), ("empty", Bytes::new())] {
        let stored = blobs.put(key, content.clone()).await.unwrap();
        assert_eq!(stored.bytes, content.len() as u64);
        assert_eq!(blobs.get(key, 1_000).await.unwrap(), content);
        assert_eq!(blobs.size(key).await.unwrap(), content.len() as u64);
        assert!(blobs.exists(key).await.unwrap());
    }
}

async fn a_stream_comes_back_byte_by_byte_whatever_its_length(blobs: Blobs) {
    for bytes in [0, 1, 8 * MEBIBYTE - 1, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 20 * MEBIBYTE] {
        let (key, content) = (format!("samples/{bytes}"), content(bytes));
        let stored = blobs.put_stream(&key, pieces(&content), 20 << 20).await.unwrap();
        assert_eq!(stored.bytes, bytes as u64);
        let blob = blobs.get_stream(&key).await.unwrap();
        assert_eq!(blob.bytes, bytes as u64);
        let read: Vec<Bytes> = blob.pieces.try_collect().await.unwrap();
        assert!(read.concat() == content, "{bytes} bytes changed on the way");
    }
}

async fn a_second_put_takes_the_place_of_the_first(blobs: Blobs) {
    blobs.put("x", Bytes::from("first")).await.unwrap();
    blobs.put("x", Bytes::from("second")).await.unwrap();
    assert_eq!(blobs.get("x", 100).await.unwrap(), "second");
}

async fn a_blob_that_is_not_there_is_not_found(blobs: Blobs) {
    blobs.put("folder/x", Bytes::from("x")).await.unwrap();
    for key in ["x", "folder/y", "folder/x/y"] {
        let errors = [
            blobs.get(key, 10).await.unwrap_err(),
            blobs.get_stream(key).await.unwrap_err(),
            blobs.size(key).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| matches!(error, BlobError::NotFound { .. })), "{key}: {errors:?}");
        assert!(!blobs.exists(key).await.unwrap());
    }
}

async fn a_blob_longer_than_allowed_is_not_read(blobs: Blobs) {
    blobs.put("x", content(100)).await.unwrap();
    assert_eq!(blobs.get("x", 100).await.unwrap().len(), 100);
    let error = blobs.get("x", 99).await.unwrap_err();
    assert!(matches!(error, BlobError::TooLarge { max_bytes: 99, .. }), "{error}");
}

async fn a_stream_longer_than_allowed_leaves_nothing(blobs: Blobs) {
    for bytes in [1_000, 17 * MEBIBYTE] {
        let max = bytes as u64 - 1;
        let error = blobs.put_stream("x", pieces(&content(bytes)), max).await.unwrap_err();
        assert!(matches!(error, BlobError::TooLarge { .. }) && !error.is_transient(), "{error}");
    }
    assert_eq!(blobs.list("", None).await.unwrap().blobs, []);
}

async fn a_stream_that_breaks_off_leaves_nothing(blobs: Blobs) {
    for bytes in [1_000, 17 * MEBIBYTE] {
        let pieces = stream::iter([Ok(content(bytes)), Err("the client is gone")]);
        let error = blobs.put_by_hash("workbooks/", pieces, u64::MAX).await.unwrap_err();
        assert!(matches!(error, BlobError::BrokeOff { .. }), "{error}");
        assert!(error.to_string().contains("the client is gone"));
    }
    assert_eq!(blobs.list("", None).await.unwrap().blobs, []);
}

async fn the_same_content_is_kept_once_under_its_hash(blobs: Blobs) {
    // The example of FIPS 180-2, appendix B.1.
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let first = blobs.put_by_hash("workbooks/", pieces(&Bytes::from("abc")), 3).await.unwrap();
    assert_eq!((first.bytes, first.sha256.as_str()), (3, hash));
    let kept = blobs.list("", None).await.unwrap().blobs;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].key, format!("workbooks/{hash}"));
    assert_eq!(blobs.put_by_hash("workbooks/", pieces(&Bytes::from("abc")), 3).await.unwrap(), first);
    assert_eq!(blobs.list("", None).await.unwrap().blobs, kept);
}

async fn deleting_twice_does_no_harm(blobs: Blobs) {
    let keys: Vec<String> = (0..1_005).map(|number| format!("x/{number}")).collect();
    for key in keys.iter().take(3) {
        blobs.put(key, content(1)).await.unwrap();
    }
    blobs.delete(&keys).await.unwrap();
    blobs.delete(&keys[..2]).await.unwrap();
    blobs.delete(&[]).await.unwrap();
    assert_eq!(blobs.list("", None).await.unwrap().blobs, []);
}

async fn a_list_goes_through_a_prefix_page_by_page(blobs: Blobs) {
    let before = Utc::now() - chrono::Duration::seconds(2);
    let mut keys: Vec<String> = (0..1_001).map(|number| format!("a/{number:04}")).collect();
    keys.extend(["a/0000/below", "a-b", "b/x"].map(str::to_owned));
    keys.retain(|key| key != "a/0000");
    for key in &keys {
        blobs.put(key, content(2)).await.unwrap();
    }
    keys.retain(|key| key.starts_with("a/"));
    keys.sort();
    let first = blobs.list("a/", None).await.unwrap();
    let rest = blobs.list("a/", first.next.as_deref()).await.unwrap();
    assert_eq!((first.blobs.len(), rest.blobs.len(), rest.next), (1_000, 1, None));
    let listed = [first.blobs, rest.blobs].concat();
    assert_eq!(listed.iter().map(|blob| blob.key.clone()).collect::<Vec<_>>(), keys);
    assert!(listed.iter().all(|blob| blob.bytes == 2 && blob.last_modified >= before));
    assert_eq!(blobs.list("none/", None).await.unwrap().blobs, []);
}

async fn keys_that_leave_their_place_are_refused(blobs: Blobs) {
    for key in ["../x", "/etc/passwd", "a/../../x", ".incoming/x", ""] {
        let errors = [
            blobs.put(key, content(1)).await.map(drop).unwrap_err(),
            blobs.get(key, 1).await.map(drop).unwrap_err(),
            blobs.exists(key).await.map(drop).unwrap_err(),
            blobs.delete(&[key.to_owned()]).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| matches!(error, BlobError::Refused(_))), "{key}: {errors:?}");
    }
}

async fn a_home_answers_a_ping(blobs: Blobs) {
    blobs.ping().await.unwrap();
}

#[tokio::test]
async fn a_folder_of_blobs_is_no_blob() {
    let folder = Folder::new("blobs");
    let blobs = in_folder(&folder);
    blobs.put("folder/x", content(1)).await.unwrap();
    assert!(matches!(blobs.get("folder", 10).await, Err(BlobError::NotFound { .. })));
    assert!(matches!(blobs.get_stream("folder").await, Err(BlobError::NotFound { .. })));
    assert!(!blobs.exists("folder").await.unwrap());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for url in ["", "s3://", "s3:///prefix", "s3://bucket/../x", "https://bucket"] {
        let keys = Some(S3Keys { access_key: "a".to_owned(), secret_key: "hidden".to_owned() });
        let settings = BlobSettings { keys, ..BlobSettings::at(url) };
        assert!(matches!(Blobs::connect(&settings), Err(BlobError::Refused(_))), "{url}");
        assert!(!format!("{settings:?}").contains("hidden"));
    }
    assert!(matches!(Blobs::connect(&BlobSettings::at("s3://bucket")), Err(BlobError::Refused(_))));
}
