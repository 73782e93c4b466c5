//! What settings must be together, and what the environments that strangers reach must not have.

use super::choice::{BackupMethod, Names, Origins};
use super::environment::Environment;
use super::secret::SecretUrl;
use super::{Profile, Sections};

/// Keys and passwords that stand in published documents, or that everybody tries first.
const PUBLISHED: [&str; 6] = [
    "dc03228c376c05004eaecc90a265753c766409c9d34b178d8bbaa4d71d275848",
    "your-secret-key-needs-to-be-changed-in-env",
    "your-secret-key",
    "Demo123!MonteCarlo",
    "changeme",
    "secret",
];
/// A secret key has at least so many characters.
const SECRET_KEY_CHARACTERS: usize = 32;
/// How databases of an environment may end: another's is not ours to use.
const DATABASE_NAMES: [(&str, Environment); 6] = [
    ("_dev", Environment::Development),
    ("_development", Environment::Development),
    ("_test", Environment::Testing),
    ("_testing", Environment::Testing),
    ("_staging", Environment::Staging),
    ("_production", Environment::Production),
];

/// Everything that is wrong with settings that are each right: what, and why.
pub(super) fn broken_by(profile: &Profile) -> Vec<(&'static str, String)> {
    let mut broken = Vec::new();
    let sections = &profile.sections;
    published_secrets(sections, &mut broken);
    database(profile, &mut broken);
    schemes(sections, &mut broken);
    backup(sections, &mut broken);
    pgbackrest(sections, &mut broken);
    if profile.environment.is_exposed() {
        exposed(profile, &mut broken);
    }
    if profile.environment == Environment::Production && profile.debug {
        broken.push(("DEBUG", "must be false in production".to_owned()));
    }
    if sections.blobs.access_key.is_some() != sections.blobs.secret_key.is_some() {
        let problem = "and FERMIAC_BLOBS_SECRET_KEY are given together or not at all";
        broken.push(("FERMIAC_BLOBS_ACCESS_KEY", problem.to_owned()));
    } else if sections.blobs.url.starts_with("s3://") && sections.blobs.access_key.is_none() {
        let problem = "and FERMIAC_BLOBS_SECRET_KEY are needed for a bucket";
        broken.push(("FERMIAC_BLOBS_ACCESS_KEY", problem.to_owned()));
    }
    broken
}

fn published_secrets(sections: &Sections, broken: &mut Vec<(&'static str, String)>) {
    let secrets = [
        ("SECRET_KEY", &sections.security.secret_key),
        ("EMAIL_PASSWORD", &sections.email.password),
        ("FERMIAC_BLOBS_SECRET_KEY", &sections.blobs.secret_key),
    ];
    for (name, secret) in secrets {
        if secret.as_ref().is_some_and(|secret| PUBLISHED.contains(&secret.expose())) {
            broken.push((name, "is a published default; make one with `openssl rand -hex 32`".to_owned()));
        }
    }
    let key = sections.security.secret_key.as_ref();
    if key.is_some_and(|key| key.expose().chars().count() < SECRET_KEY_CHARACTERS) {
        let problem = format!(
            "has fewer than {SECRET_KEY_CHARACTERS} characters; make one with `openssl rand -hex 32`"
        );
        broken.push(("SECRET_KEY", problem));
    }
}

fn database(profile: &Profile, broken: &mut Vec<(&'static str, String)>) {
    let Some(url) = &profile.sections.database.url else { return };
    let password =
        url.credentials().and_then(|credentials| credentials.split_once(':')).map(|(_, word)| word);
    let is_default = url.credentials() == Some("postgres:postgres");
    if profile.environment != Environment::Development
        && (is_default || password.is_some_and(|password| PUBLISHED.contains(&password)))
    {
        broken
            .push(("DATABASE_URL", "has a password that everybody knows; give the role another".to_owned()));
    }
    let name = url.last_segment();
    let name = name.strip_suffix(".db").unwrap_or(name);
    for (suffix, other) in DATABASE_NAMES {
        if name.ends_with(suffix) && other != profile.environment {
            let problem =
                format!("{name:?} is called as a database of {other}; this is {}", profile.environment);
            broken.push(("DATABASE_URL", problem));
        }
    }
}

fn schemes(sections: &Sections, broken: &mut Vec<(&'static str, String)>) {
    let mut hold = |name, url: &Option<SecretUrl>, known: &[&str]| {
        if url.as_ref().is_some_and(|url| !known.contains(&url.scheme())) {
            broken.push((name, format!("its scheme must be one of {}", known.join(", "))));
        }
    };
    hold("DATABASE_URL", &sections.database.url, &["postgres", "postgresql", "sqlite"]);
    hold("REDIS_URL", &sections.queue.url, &["redis", "rediss", "in-process"]);
    hold("FERMIAC_BACKUP_ENDPOINT", &sections.backup.endpoint, &["http", "https"]);
    hold("FERMIAC_BACKUP_SECOND_ENDPOINT", &sections.backup.second_endpoint, &["http", "https"]);
    hold("FERMIAC_BACKUP_DATABASE_URL", &sections.backup.database_url, &["postgres", "postgresql"]);
    // It speaks to no server in the clear.
    hold("FERMIAC_PGBACKREST_ENDPOINT", &sections.pgbackrest.endpoint, &["https"]);
    hold("FERMIAC_BLOBS_ENDPOINT", &sections.blobs.endpoint, &["http", "https"]);
    let smoke = &sections.smoke;
    for (name, url) in [("FERMIAC_SMOKE_URL", &smoke.url), ("FERMIAC_SMOKE_METRICS_URL", &smoke.metrics_url)]
    {
        if url.as_ref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            broken.push((name, "must begin with http:// or https://".to_owned()));
        }
    }
}

/// What destroys the data must not reach their backup, and a backup that everybody can read is a leak.
fn backup(sections: &Sections, broken: &mut Vec<(&'static str, String)>) {
    let (data, backup) = (&sections.blobs, &sections.backup);
    let Some(url) = &backup.url else { return };
    if bucket(url, &backup.endpoint) == bucket(&data.url, &data.endpoint) {
        let problem = "is the bucket or folder of FERMIAC_BLOBS_URL: backups go to one of their own";
        broken.push(("FERMIAC_BACKUP_URL", problem.to_owned()));
    }
    let second = backup.second_url.as_ref().map(|second| bucket(second, &backup.second_endpoint));
    if second == Some(bucket(url, &backup.endpoint)) {
        let problem = "is the bucket or folder of FERMIAC_BACKUP_URL: a second copy goes to another place";
        broken.push(("FERMIAC_BACKUP_SECOND_URL", problem.to_owned()));
    }
    if second == Some(bucket(&data.url, &data.endpoint)) {
        let problem = "is the bucket or folder of FERMIAC_BLOBS_URL: backups go to one of their own";
        broken.push(("FERMIAC_BACKUP_SECOND_URL", problem.to_owned()));
    }
    if backup.recipient.is_none() {
        let problem = "is needed for backups: make it and its identity with `age-keygen`";
        broken.push(("FERMIAC_BACKUP_RECIPIENT", problem.to_owned()));
    }
    if url.starts_with("s3://") && (backup.access_key.is_none() || backup.secret_key.is_none()) {
        let problem = "and FERMIAC_BACKUP_SECRET_KEY are needed for a bucket";
        broken.push(("FERMIAC_BACKUP_ACCESS_KEY", problem.to_owned()));
    }
}

/// The repository of pgBackRest is a place of backups too. That there is none is a mistake only of the worker that takes
/// backups, which says so: every other role of an environment may know nothing of them.
fn pgbackrest(sections: &Sections, broken: &mut Vec<(&'static str, String)>) {
    let (data, repository) = (&sections.blobs, &sections.pgbackrest);
    let Some(url) = &repository.url else { return };
    if sections.backup.kind != BackupMethod::PgBackRest {
        return;
    }
    if bucket(url, &repository.endpoint) == bucket(&data.url, &data.endpoint) {
        let problem = "is the bucket of FERMIAC_BLOBS_URL: backups go to one of their own";
        broken.push(("FERMIAC_PGBACKREST_URL", problem.to_owned()));
    } else if !url.starts_with("s3://") {
        broken.push(("FERMIAC_PGBACKREST_URL", "must name a bucket, s3://bucket/prefix".to_owned()));
    }
    if repository.passphrase.is_none() {
        let problem = "is needed: the repository is encrypted; make one with `openssl rand -base64 48`";
        broken.push(("FERMIAC_PGBACKREST_PASSPHRASE", problem.to_owned()));
    }
}

/// The bucket of an address, prefixes aside, and its server; or the folder.
fn bucket<'a>(url: &'a str, endpoint: &'a Option<SecretUrl>) -> (&'a str, Option<&'a str>) {
    match url.strip_prefix("s3://") {
        Some(place) => (place.split('/').next().unwrap_or(place), endpoint.as_ref().map(SecretUrl::expose)),
        None => (url.trim_end_matches('/'), None),
    }
}

/// What strangers may reach must be complete and closed.
fn exposed(profile: &Profile, broken: &mut Vec<(&'static str, String)>) {
    let (sections, environment) = (&profile.sections, profile.environment);
    let required = [
        ("DATABASE_URL", sections.database.url.is_some()),
        ("REDIS_URL", sections.queue.url.is_some()),
        ("SECRET_KEY", sections.security.secret_key.is_some()),
    ];
    for (name, is_given) in required {
        if !is_given {
            broken.push((name, format!("is needed in {environment}; give it or {name}_FILE")));
        }
    }
    if !sections.blobs.url.starts_with("s3://") && !sections.blobs.url.starts_with('/') {
        let problem = format!(
            "is needed in {environment}: s3://BUCKET, or by its full path a folder that all processes share"
        );
        broken.push(("FERMIAC_BLOBS_URL", problem));
    }
    let is_scheme = |url: &Option<SecretUrl>, scheme| url.as_ref().is_some_and(|url| url.scheme() == scheme);
    if is_scheme(&sections.database.url, "sqlite") {
        broken.push((
            "DATABASE_URL",
            format!("must be of Postgres in {environment}: several processes share it"),
        ));
    }
    if is_scheme(&sections.queue.url, "in-process") {
        broken.push(("REDIS_URL", format!("must be of Redis in {environment}: several processes share it")));
    }
    if sections.http.cors_origins == Origins::Any {
        broken.push(("CORS_ORIGINS", format!("must name origins in {environment}; * is for development")));
    }
    let no_host = matches!(&sections.http.allowed_hosts, Names::Listed(names) if names.is_empty());
    if no_host || sections.http.allowed_hosts == Names::Any {
        broken.push(("ALLOWED_HOSTS", format!("must name hosts in {environment}, such as example.org")));
    }
}
