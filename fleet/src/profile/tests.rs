//! What holds of profiles.

use super::*;
use crate::job::Label;

const KEY: &str = "3d6f0a5b9c8e7d1f2a4b6c8d0e1f3a5b7c9d1e3f5a7b9c1d3e5f7a9b1c3d5e7f";

fn variables(given: &[(&str, &str)]) -> Variables {
    given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn load(name: &str, given: &[(&str, &str)]) -> Result<Profile, ProfileErrors> {
    Profile::load(Some(name), None, &variables(given))
}

/// What an exposed environment needs, and `more`, which counts where a name stands twice.
fn exposed(name: &str, more: &[(&str, &str)]) -> Result<Profile, ProfileErrors> {
    let needed = [
        ("DATABASE_URL", "postgres://fermiac:long-and-random@db/fermiac"),
        ("REDIS_URL", "rediss://:pass@redis:6379/0"),
        ("SECRET_KEY", KEY),
        ("FERMIAC_BLOBS_URL", "s3://fermiac-data/blobs"),
        ("FERMIAC_BLOBS_ACCESS_KEY", "fermiac"),
        ("FERMIAC_BLOBS_SECRET_KEY", "of-the-bucket"),
    ];
    load(name, &[&needed, more].concat())
}

fn mistakes(answer: Result<Profile, ProfileErrors>) -> Vec<String> {
    answer.expect_err("it is wrong").mistakes
}

fn only_mistake(answer: Result<Profile, ProfileErrors>) -> String {
    let mistakes = mistakes(answer);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    mistakes[0].clone()
}

#[test]
fn every_environment_that_comes_with_the_program_loads() {
    let fractions: Vec<f64> = Environment::ALL
        .iter()
        .map(|environment| match environment.is_exposed() {
            true => exposed(environment.name(), &[]).unwrap().gpu.memory_fraction,
            false => load(environment.name(), &[]).unwrap().gpu.memory_fraction,
        })
        .collect();
    assert_eq!(fractions, [0.4, 0.4, 0.6, 0.8]);
}

#[test]
fn the_documented_variables_of_each_environment_are_taken_as_they_stand() {
    let development = Profile::load(
        None,
        None,
        &variables(&[
            ("ENVIRONMENT", "development"),
            ("DEBUG", "true"),
            ("DATABASE_URL", "sqlite:///./montecarlo_dev.db"),
            ("USE_GPU", "true"),
            ("GPU_MEMORY_FRACTION", "0.4"),
            ("CORS_ORIGINS", "*"),
            ("LOG_LEVEL", "DEBUG"),
        ]),
    )
    .unwrap();
    assert!(development.debug && development.gpu.enabled);
    assert_eq!(development.database.url.as_ref().unwrap().expose(), "sqlite:montecarlo_dev.db");
    let production = exposed(
        "production",
        &[
            ("ENVIRONMENT", "production"),
            ("DEBUG", "False"),
            ("DATABASE_URL", "postgresql://user:pass@postgres:5432/montecarlo_production"),
            ("CORS_ALLOWED_ORIGINS", "https://simapp.ai,https://www.simapp.ai"),
            ("ALLOWED_HOSTS", "simapp.ai, .simapp.ai"),
            ("LOG_LEVEL", "WARNING"),
            ("EMAIL_HOST", "mail.example.org"),
            ("EMAIL_PORT", "465"),
            ("EMAIL_USER", "someone"),
            ("EMAIL_PASSWORD", "of-the-mail-server"),
            ("SENTRY_DSN", "https://key@sentry.example.org/1"),
        ],
    )
    .unwrap();
    assert_eq!(production.log.level, LogLevel::Warning);
    assert_eq!(production.email.port, 465);
    assert!(production.http.allowed_hosts.hold("api.simapp.ai"));
}

#[test]
fn a_variable_is_stronger_than_the_file_and_the_file_than_the_default() {
    assert_eq!(load("staging", &[]).unwrap_err().mistakes.len(), 4);
    let level = |given| exposed("staging", given).unwrap().log.level;
    assert_eq!(level(&[]), LogLevel::Info);
    assert_eq!(level(&[("LOG_LEVEL", "error")]), LogLevel::Error);
    assert_eq!(level(&[("LOG_LEVEL", " ")]), LogLevel::Info);
    assert_eq!(load("testing", &[]).unwrap().worker.slots, 1);
    assert_eq!(load("testing", &[("FERMIAC_WORKER_SLOTS", "1_0")]).unwrap().worker.slots, 10);
}

#[test]
fn all_mistakes_are_told_at_once_by_name() {
    let told = mistakes(load(
        "development",
        &[
            ("LOG_LEVEL", "loud"),
            ("FERMIAC_WORKER_SLOTS", "0"),
            ("FERMIAC_WORKER_LEASE_MS", "soon"),
            ("GPU_MEMORY_FRACTION", "NaN"),
            ("CORS_ORIGINS", "https://a.b/c"),
            ("FERMIAC_HTTP_LISTEN", "8000"),
            ("FERMIAC_WORKER_SLOT", "2"),
            ("DATABASE_URL", "mysql://u:hidden@host/base"),
        ],
    ));
    let begins = |start: &str| told.iter().any(|mistake| mistake.starts_with(start));
    assert!(begins("LOG_LEVEL: \"loud\" is none of trace, debug, info, warning, error"), "{told:?}");
    assert!(begins("FERMIAC_WORKER_SLOTS: \"0\" is out of bounds: choose from 1 to 1024"), "{told:?}");
    assert!(begins("FERMIAC_WORKER_LEASE_MS: \"soon\" is no whole number of milliseconds"), "{told:?}");
    assert!(begins("GPU_MEMORY_FRACTION: \"NaN\" is no number"), "{told:?}");
    assert!(begins("CORS_ORIGINS: "), "{told:?}");
    assert!(begins("FERMIAC_HTTP_LISTEN: \"8000\" is no address"), "{told:?}");
    assert!(begins("FERMIAC_WORKER_SLOT: there is no such variable"), "{told:?}");
    assert!(begins("DATABASE_URL: has an unknown scheme"), "{told:?}");
    assert_eq!(told.len(), 8);
    assert!(!told.concat().contains("hidden"));
}

#[test]
fn what_kubernetes_says_of_its_services_is_not_taken_for_ours() {
    let given =
        [("FERMIAC_API_SERVICE_HOST", "10.0.0.1"), ("FERMIAC_API_PORT_8000_TCP", "tcp://10.0.0.1:8000")];
    assert!(load("testing", &given).is_ok());
}

#[test]
fn a_file_with_unknown_keys_or_wrong_types_is_refused() {
    let folder = std::env::temp_dir().join(format!("fermiac-profile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = "debug = 1\n[http]\nlisten = 8000\nport = 80\n[worker]\nslots = \"2\"\n[wroker]\nslots = 2\n";
    std::fs::write(folder.join("testing.toml"), text).unwrap();
    let told = mistakes(Profile::load(Some("testing"), Some(&folder), &Variables::new()));
    std::fs::write(folder.join("testing.toml"), "[http\n").unwrap();
    let no_toml = only_mistake(Profile::load(Some("testing"), Some(&folder), &Variables::new()));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(no_toml.contains("is no TOML"), "{no_toml}");
    let ends = |end: &str| told.iter().any(|mistake| mistake.ends_with(end));
    assert!(ends("testing.toml: debug: must be true or false"), "{told:?}");
    assert!(ends("testing.toml: http.listen: must be a text in quotes"), "{told:?}");
    assert!(ends("testing.toml: worker.slots: must be a whole number"), "{told:?}");
    assert!(ends("http.port: there is no such setting; `fermiac config` shows all"), "{told:?}");
    assert!(ends("wroker.slots: there is no such setting; `fermiac config` shows all"), "{told:?}");
    assert_eq!(told.len(), 5);
}

#[test]
fn an_environment_that_strangers_reach_is_complete_and_closed() {
    let told =
        mistakes(load("production", &[("DEBUG", "true"), ("CORS_ORIGINS", "*"), ("ALLOWED_HOSTS", "*")]));
    for name in ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "CORS_ORIGINS", "ALLOWED_HOSTS"] {
        assert!(told.iter().any(|mistake| mistake.starts_with(&format!("{name}: "))), "{name}: {told:?}");
    }
    let told = only_mistake(exposed("production", &[("DATABASE_URL", "sqlite:a.db")]));
    assert!(told.starts_with("DATABASE_URL: must be of Postgres"), "{told}");
    let told =
        only_mistake(exposed("staging", &[("DATABASE_URL", "postgres://u:word@h/fermiac_production")]));
    assert!(told.contains("is called as a database of production"), "{told}");
    let told = only_mistake(exposed("staging", &[("REDIS_URL", "in-process:")]));
    assert!(told.starts_with("REDIS_URL: must be of Redis"), "{told}");
}

#[test]
fn published_secrets_are_refused_everywhere_they_matter() {
    for published in [
        "dc03228c376c05004eaecc90a265753c766409c9d34b178d8bbaa4d71d275848",
        "your-secret-key-needs-to-be-changed-in-env",
    ] {
        let told = only_mistake(exposed("staging", &[("SECRET_KEY", published)]));
        assert!(told.starts_with("SECRET_KEY: is a published default"), "{told}");
        assert!(!told.contains(published));
    }
    let with_default = [("DATABASE_URL", "postgres://postgres:postgres@localhost/fermiac")];
    assert!(
        only_mistake(load("testing", &with_default)).starts_with("DATABASE_URL: has a password that everyb")
    );
    assert!(load("development", &with_default).is_ok());
    assert!(only_mistake(exposed("production", &[("SECRET_KEY", "short")])).contains("fewer than 32"));
}

#[test]
fn a_secret_may_come_from_a_file_but_not_from_two_places() {
    let path = std::env::temp_dir().join(format!("fermiac-secret-{}", std::process::id()));
    std::fs::write(&path, format!("{KEY}\n")).unwrap();
    let path_text = path.to_str().unwrap();
    let profile = load("testing", &[("SECRET_KEY_FILE", path_text)]).unwrap();
    assert_eq!(profile.security.secret_key.as_ref().unwrap().expose(), KEY);
    let told =
        only_mistake(load("testing", &[("SECRET_KEY_FILE", path_text), ("SECRET_KEY", &KEY.repeat(2))]));
    assert!(told.starts_with("SECRET_KEY_FILE: differs from SECRET_KEY"), "{told}");
    std::fs::write(&path, "\n").unwrap();
    let told = only_mistake(load("testing", &[("SECRET_KEY_FILE", path_text)]));
    assert!(told.ends_with("is empty"), "{told}");
    std::fs::remove_file(&path).unwrap();
    let told = only_mistake(load("testing", &[("SECRET_KEY_FILE", path_text)]));
    assert!(told.contains("cannot be opened"), "{told}");
}

#[test]
fn workers_of_exposed_environments_need_a_gpu_unless_told_otherwise() {
    for environment in ["staging", "production"] {
        let profile = exposed(environment, &[]).unwrap();
        assert!(profile.worker.labels.contains(&Label::Gpu), "{environment}");
        assert_eq!(profile.gpu.fallback, DeviceFallback::Fail, "{environment}");
    }
    let development = load("development", &[]).unwrap();
    assert_eq!(development.gpu.fallback, DeviceFallback::Cpu);
}

#[test]
fn no_secret_is_printed() {
    let secrets = [
        ("DATABASE_URL", "postgres://fermiac:hidden-one@db/fermiac"),
        ("REDIS_URL", "rediss://:hidden-two@redis:6379/0"),
        ("FERMIAC_BLOBS_ACCESS_KEY", "hidden-three"),
        ("FERMIAC_BLOBS_SECRET_KEY", "hidden-four"),
        ("EMAIL_PASSWORD", "hidden-five"),
        ("SENTRY_DSN", "https://hidden-six@sentry/1"),
    ];
    let profile = exposed("production", &secrets).unwrap();
    let printed = format!("{} {profile:?}", profile.redacted());
    assert!(!printed.contains("hidden") && !printed.contains(KEY), "{printed}");
    assert!(printed.contains("postgres://<redacted>@db/fermiac"));
}

#[test]
fn what_is_printed_is_a_file_that_gives_the_same_settings() {
    let profile = load("development", &[("FERMIAC_WORKER_LABELS", "gpu,cpu")]).unwrap();
    let folder = std::env::temp_dir().join(format!("fermiac-redacted-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("development.toml"), profile.redacted()).unwrap();
    let again = Profile::load(Some("development"), Some(&folder), &Variables::new());
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(again.unwrap().sections, profile.sections);
}

#[test]
fn the_template_of_variables_is_complete() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../.env.example");
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(committed, env_example(), "cargo run -p fermiac-fleet --example documents");
}

#[test]
fn the_environment_is_named_once() {
    let told = only_mistake(Profile::load(None, None, &Variables::new()));
    assert!(told.starts_with("ENVIRONMENT: give it or --env"), "{told}");
    let told = only_mistake(load("testing", &[("ENVIRONMENT", "production")]));
    assert!(told.contains("says production and --env says testing"), "{told}");
    let told = only_mistake(load("prod", &[]));
    assert!(told.starts_with("--env: \"prod\" is none of development, testing"), "{told}");
}

#[test]
fn a_bucket_without_keys_is_a_mistake_of_the_settings() {
    let none = [("FERMIAC_BLOBS_ACCESS_KEY", ""), ("FERMIAC_BLOBS_SECRET_KEY", "")];
    let mistake = only_mistake(exposed("staging", &none));
    assert!(
        mistake.contains("FERMIAC_BLOBS_ACCESS_KEY: and FERMIAC_BLOBS_SECRET_KEY are needed"),
        "{mistake}"
    );
}
