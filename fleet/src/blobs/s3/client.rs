//! Makes the client.

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::types::ServerSideEncryption;
use aws_sdk_s3::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use super::Inner;
use crate::blobs::settings::{Addressing, BlobSettings, Encryption};
use crate::blobs::{BlobError, Result};

pub fn client(settings: &BlobSettings) -> Result<Client> {
    let Some(keys) = &settings.keys else {
        return Err(BlobError::Refused(format!("'{}' needs an access key and a secret key", settings.url)));
    };
    let credentials = Credentials::new(&keys.access_key, &keys.secret_key, None, None, "settings");
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.answer_within.min(std::time::Duration::from_secs(5)))
        .operation_attempt_timeout(settings.answer_within)
        .build();
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(credentials)
        .force_path_style(settings.addressing == Addressing::PathStyle)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(settings.attempts.max(1)));
    if let Some(endpoint) = &settings.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(Client::from_conf(config.build()))
}

impl Inner {
    /// What to ask the server to encrypt with, and the key's id.
    pub fn encryption(&self) -> (Option<ServerSideEncryption>, Option<String>) {
        match &self.encryption {
            None => (None, None),
            Some(Encryption::ServerKey) => (Some(ServerSideEncryption::Aes256), None),
            Some(Encryption::ManagedKey { id }) => (Some(ServerSideEncryption::AwsKms), id.clone()),
        }
    }
}
