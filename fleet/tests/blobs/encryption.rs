//! What a server is asked to encrypt with.

use fermiac_fleet::blobs::{BlobSettings, Blobs, Encryption};
use fermiac_harness::S3Server;

use crate::support::{BUCKET, MEBIBYTE, content, pieces, settings};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_written_is_encrypted_where_the_settings_say_so() {
    for (encryption, header) in
        [(Encryption::ServerKey, "AES256"), (Encryption::ManagedKey { id: None }, "aws:kms")]
    {
        let server = S3Server::start(BUCKET);
        let settings = BlobSettings { encryption: Some(encryption), ..settings(&server) };
        let blobs = Blobs::connect(&settings).unwrap();
        // At once; in parts, where the first request says it for all; under the name of its hash, by a copy.
        blobs.put("small", content(100)).await.unwrap();
        let large = content(20 * MEBIBYTE);
        blobs.put_stream("large", pieces(&large), u64::MAX).await.unwrap();
        blobs.put_by_hash("workbooks/", pieces(&content(1_000)), u64::MAX).await.unwrap();
        let asked = [
            format!("PUT {header}"),
            format!("POST {header}"),
            format!("PUT {header}"),
            format!("PUT {header}"),
        ];
        assert_eq!(server.encryptions(), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_the_bucket_decides() {
    let server = S3Server::start(BUCKET);
    Blobs::connect(&settings(&server)).unwrap().put("small", content(100)).await.unwrap();
    assert!(server.encryptions().is_empty());
}
