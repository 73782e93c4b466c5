//! The rules that a bucket follows: ours are replaced, and those of others stay.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration,
    LifecycleRule as SdkRule, LifecycleRuleFilter, NoncurrentVersionExpiration, Transition as SdkTransition,
    TransitionStorageClass,
};
use fermiac_fleet::blobs::{
    Addressing, Applied, BlobSettings, Blobs, LifecycleRule, S3Keys, StorageClass, Touch, Transition,
};
use fermiac_harness::{ACCESS_KEY, Folder, MotoServer, REGION, S3Server, SECRET_KEY};

use crate::support::{BUCKET, in_folder, on};

const OWNER: &str = "fermiac-testing-data-";

fn blobs(server: &MotoServer) -> Blobs {
    let settings = BlobSettings {
        endpoint: Some(server.endpoint()),
        region: REGION.to_owned(),
        addressing: Addressing::PathStyle,
        keys: Some(S3Keys { access_key: ACCESS_KEY.to_owned(), secret_key: SECRET_KEY.to_owned() }),
        ..BlobSettings::at(format!("s3://{BUCKET}/some/prefix"))
    };
    Blobs::connect(&settings).unwrap()
}

/// Another user of the bucket.
fn other(server: &MotoServer) -> Client {
    let settings = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(server.endpoint())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"))
        .force_path_style(true);
    Client::from_conf(settings.build())
}

async fn standing(other: &Client) -> Vec<SdkRule> {
    let answer = other.get_bucket_lifecycle_configuration().bucket(BUCKET).send().await.unwrap();
    answer.rules().to_vec()
}

fn rules(days: u32) -> Vec<LifecycleRule> {
    let named = |name: &str| LifecycleRule { id: format!("{OWNER}{name}"), ..LifecycleRule::default() };
    let class = StorageClass::GlacierInstantRetrieval;
    vec![
        LifecycleRule { abort_uploads_days: Some(days), ..named("unfinished") },
        LifecycleRule { noncurrent_days: Some(days), ..named("versions") },
        LifecycleRule { expire_days: Some(days), prefix: "uploads/".to_owned(), ..named("entrance") },
        LifecycleRule { transition: Some(Transition { days, class }), ..named("cheaper") },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn our_rules_are_replaced_and_those_of_others_stay() {
    let server = MotoServer::start(&[BUCKET]);
    let (blobs, other) = (blobs(&server), other(&server));
    assert_eq!(
        blobs.follow(OWNER, &rules(30), Touch::Apply).await.unwrap(),
        Applied::Changed { others: 0 },
        "a bucket without rules"
    );
    let foreign = SdkRule::builder()
        .id("logs")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("logs/").build())
        .expiration(LifecycleExpiration::builder().days(400).build())
        .build()
        .unwrap();
    let all = standing(&other).await.into_iter().chain([foreign]).collect();
    let all = BucketLifecycleConfiguration::builder().set_rules(Some(all)).build().unwrap();
    let put = other.put_bucket_lifecycle_configuration().bucket(BUCKET).lifecycle_configuration(all);
    put.send().await.unwrap();
    let before = standing(&other).await;
    assert_eq!(blobs.follow(OWNER, &rules(30), Touch::Apply).await.unwrap(), Applied::Unchanged);
    let look = blobs.follow(OWNER, &rules(60), Touch::Look).await.unwrap();
    assert_eq!((look, standing(&other).await), (Applied::Changed { others: 1 }, before.clone()));
    let fewer = &rules(60)[..2];
    assert_eq!(blobs.follow(OWNER, fewer, Touch::Apply).await.unwrap(), Applied::Changed { others: 1 });
    let after = standing(&other).await;
    let ids: Vec<&str> = after.iter().filter_map(SdkRule::id).collect();
    assert_eq!(ids, ["logs", "fermiac-testing-data-unfinished", "fermiac-testing-data-versions"]);
    let logs = |rules: &[SdkRule]| rules.iter().find(|rule| rule.id() == Some("logs")).cloned();
    assert_eq!(logs(&after), logs(&before));
    let versions = after[2].noncurrent_version_expiration().unwrap();
    assert_eq!(versions.noncurrent_days(), Some(60));
    let prefixes = after[1..].iter().map(|rule| rule.filter().unwrap().prefix());
    assert_eq!(prefixes.collect::<Vec<_>>(), [Some("some/prefix/"); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_what_is_applied() {
    let server = MotoServer::start(&[BUCKET]);
    let (blobs, other) = (blobs(&server), other(&server));
    blobs.follow(OWNER, &rules(45), Touch::Apply).await.unwrap();
    let shown = blobs.lifecycle_document(&rules(45)).unwrap();
    let shown = shown["Rules"].as_array().unwrap();
    let applied = standing(&other).await;
    assert_eq!(shown.len(), applied.len());
    for rule in applied {
        let shown = shown.iter().find(|shown| shown["ID"].as_str() == rule.id()).unwrap();
        let days = |days: Option<i32>| days.map_or(serde_json::Value::Null, Into::into);
        assert_eq!(shown["Filter"]["Prefix"].as_str(), rule.filter().unwrap().prefix());
        assert_eq!(shown["Expiration"]["Days"], days(rule.expiration().and_then(LifecycleExpiration::days)));
        let marks = rule.expiration().and_then(LifecycleExpiration::expired_object_delete_marker);
        assert_eq!(shown["Expiration"]["ExpiredObjectDeleteMarker"].as_bool(), marks);
        let abort = rule
            .abort_incomplete_multipart_upload()
            .and_then(AbortIncompleteMultipartUpload::days_after_initiation);
        assert_eq!(shown["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"], days(abort));
        let noncurrent =
            rule.noncurrent_version_expiration().and_then(NoncurrentVersionExpiration::noncurrent_days);
        assert_eq!(shown["NoncurrentVersionExpiration"]["NoncurrentDays"], days(noncurrent));
        let moved = rule.transitions().first();
        assert_eq!(shown["Transitions"][0]["Days"], days(moved.and_then(SdkTransition::days)));
        let class = moved.and_then(|one| one.storage_class()).map(TransitionStorageClass::as_str);
        assert_eq!(shown["Transitions"][0]["StorageClass"].as_str(), class);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_knows_of_no_rules_says_so() {
    let (server, folder) = (S3Server::start(BUCKET), Folder::new("lifecycle"));
    for blobs in [on(&server), in_folder(&folder)] {
        let done = blobs.follow(OWNER, &rules(30), Touch::Apply).await.unwrap();
        assert!(matches!(done, Applied::Unsupported(_)), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_would_not_be_found_again_is_refused() {
    let blobs = on(&S3Server::start(BUCKET));
    let refused = blobs.follow("fermiac-testing-backups-", &rules(30), Touch::Apply).await.unwrap_err();
    assert!(refused.to_string().contains("fermiac-testing-data-unfinished"), "{refused}");
}
