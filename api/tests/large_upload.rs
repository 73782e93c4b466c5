//! The largest upload that is taken, beside the memory that it takes. Alone in its process, so that what is measured is
//! what it took.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[path = "http/client.rs"]
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
mod client;
#[path = "http/server.rs"]
#[expect(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "shared with the other tests, which use all of it"
)]
mod server;

use bytes::Bytes;
use fermiac_fleet::telemetry::resident_bytes;
use fermiac_harness::Folder;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use server::{Home, Server};
use zip::write::SimpleFileOptions;

const BOUND: u64 = 500 << 20;
/// What the process may grow by: buffers, and the model that is read.
const GROWTH: u64 = 64 << 20;
const PIECE: usize = 256 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_megabytes_pass_through_flat_memory_and_one_byte_more_is_refused() {
    let folder = Folder::new("large");
    let path = folder.path().join("large.xlsx");
    workbook_of(BOUND, &path);
    let server = Server::start(Home::Sqlite).await;
    server.user.get("/v1/workbooks").await.expect(200);
    let before = resident_bytes().unwrap();
    let highest = watch();

    let response = server.user.open("POST", "/v1/workbooks", &[], pieces(&path)).await;
    assert_eq!(response.status(), 201);
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["bytes"], BOUND);
    let grown = highest.load(Ordering::Relaxed).saturating_sub(before);
    println!("memory before {} MiB, grown by at most {} MiB", before >> 20, grown >> 20);
    assert!(grown < GROWTH, "grown by {grown} bytes");

    File::options().append(true).open(&path).unwrap().write_all(b"x").unwrap();
    let response = server.user.open("POST", "/v1/workbooks", &[], pieces(&path)).await;
    assert_eq!(response.status(), 413);
    let length = (BOUND + 1).to_string();
    let nothing = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let response = server.user.open("POST", "/v1/workbooks", &[("content-length", &length)], nothing).await;
    assert_eq!(response.status(), 413);
    assert_eq!(server.user.get("/v1/workbooks").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

/// An example with a picture in it that nobody reads, of exactly so many bytes.
fn workbook_of(bytes: u64, path: &Path) {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/project_npv.xlsx");
    let written = |picture: u64| {
        std::fs::copy(example, path).unwrap();
        let file = File::options().read(true).write(true).open(path).unwrap();
        let mut archive = zip::ZipWriter::new_append(file).unwrap();
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file("xl/media/picture.bin", stored).unwrap();
        std::io::copy(&mut std::io::repeat(0).take(picture), &mut archive).unwrap();
        archive.finish().unwrap().metadata().unwrap().len()
    };
    let around = written(0);
    assert_eq!(written(bytes - around), bytes);
}

/// The file, piece by piece, without a length.
fn pieces(
    path: &Path,
) -> StreamBody<impl futures_util::Stream<Item = Result<Frame<Bytes>, Infallible>> + use<>> {
    let file = File::open(path).unwrap();
    StreamBody::new(futures_util::stream::unfold(file, async |mut file| {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).unwrap();
        piece.truncate(read);
        (read > 0).then(|| (Ok(Frame::data(Bytes::from(piece))), file))
    }))
}

/// The most memory that the process has from now on, looked at by a thread that ends with its last reader.
fn watch() -> Arc<AtomicU64> {
    let highest = Arc::new(AtomicU64::new(0));
    let seen = Arc::downgrade(&highest);
    std::thread::spawn(move || {
        while let Some(highest) = seen.upgrade() {
            highest.fetch_max(resident_bytes().unwrap_or(0), Ordering::Relaxed);
            drop(highest);
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    highest
}
