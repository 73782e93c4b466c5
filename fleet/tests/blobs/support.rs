//! Places for blobs, and streams, for tests.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use fermiac_fleet::blobs::{Addressing, BlobSettings, Blobs, S3Keys};
use fermiac_harness::{ACCESS_KEY, Folder, REGION, S3Server, SECRET_KEY};
use futures_util::{Stream, StreamExt, stream};

pub const BUCKET: &str = "bucket";
/// Longer than anything takes that is going to happen at all.
pub const SOON: Duration = Duration::from_secs(20);
pub const MEBIBYTE: usize = 1 << 20;

pub fn settings(server: &S3Server) -> BlobSettings {
    BlobSettings {
        endpoint: Some(server.endpoint()),
        region: REGION.to_owned(),
        addressing: Addressing::PathStyle,
        keys: Some(S3Keys { access_key: ACCESS_KEY.to_owned(), secret_key: SECRET_KEY.to_owned() }),
        answer_within: Duration::from_secs(20),
        ..BlobSettings::at(format!("s3://{BUCKET}/some/prefix"))
    }
}

pub fn on(server: &S3Server) -> Blobs {
    Blobs::connect(&settings(server)).expect("the settings make sense")
}

pub fn in_folder(folder: &Folder) -> Blobs {
    let path = folder.path().join("blobs").display().to_string();
    Blobs::connect(&BlobSettings::at(path)).expect("a folder can be made in a temporary one")
}

/// Bytes that differ from place to place.
pub fn content(bytes: usize) -> Bytes {
    (0..bytes).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// In pieces of an odd length.
pub fn pieces(content: &Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let content = content.clone();
    let starts = (0..content.len()).step_by(77_777);
    let pieces: Vec<_> =
        starts.map(|start| Ok(content.slice(start..(start + 77_777).min(content.len())))).collect();
    // It panics if it is asked again after its end, as streams may.
    stream::unfold(pieces.into_iter(), |mut pieces| async move {
        let piece = pieces.next()?;
        Some((piece, pieces))
    })
    .boxed()
}
