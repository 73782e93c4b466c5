//! Every setting, with its meaning, its default, its variable and its bounds. What is not here cannot be set, and what
//! has no upper bound here has one where it is used.

use std::net::SocketAddr;
use std::time::Duration;

use super::choice::{BackupClass, BackupMethod, DeviceFallback, LogFormat, LogLevel, Names, Origins};
use super::secret::{Secret, SecretUrl};
use super::section::section;
use crate::job::Label;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

section! {
    /// What HTTP takes in and gives out.
    Http "http" {
        /// The address it listens on.
        listen "listen": SocketAddr = "0.0.0.0:8000", ["FERMIAC_HTTP_LISTEN"];
        /// Origins whose pages may call it; `*` for all, nothing for none.
        cors_origins "cors_origins": Origins = "", ["CORS_ORIGINS", "CORS_ALLOWED_ORIGINS"];
        /// Names that it answers to; `*` for all. A leading dot takes every name below.
        allowed_hosts "allowed_hosts": Names = "*", ["ALLOWED_HOSTS"];
        /// Bytes of one uploaded workbook.
        upload_max_bytes "upload_max_bytes": u64 = "524288000", ["FERMIAC_UPLOAD_MAX_BYTES"], 1_024..=5_368_709_120;
        /// Bytes of any other body.
        body_max_bytes "body_max_bytes": usize = "33554432", ["FERMIAC_BODY_MAX_BYTES"], 1_024..=268_435_456;
        /// How long a request may take, uploads, downloads and event streams aside.
        request_timeout "request_timeout_ms": Duration = "30000", ["FERMIAC_REQUEST_TIMEOUT_MS"], ms(1_000)..=HOUR;
        /// How long an upload may stay silent.
        upload_idle "upload_idle_ms": Duration = "30000", ["FERMIAC_UPLOAD_IDLE_MS"], ms(100)..=HOUR;
        /// How many uploads are taken at a time.
        uploads "uploads": usize = "8", ["FERMIAC_UPLOADS"], 1..=1_024;
        /// How many models are compiled at a time; the others wait.
        compilations "compilations": usize = "2", ["FERMIAC_COMPILATIONS"], 1..=256;
        /// How long a model waits to be compiled before its submitter is told to come back.
        compile_wait "compile_wait_ms": Duration = "10000", ["FERMIAC_COMPILE_WAIT_MS"], ms(0)..=MINUTE;
        /// How many event streams are open at a time.
        event_streams "event_streams": usize = "1000", ["FERMIAC_EVENT_STREAMS"], 1..=100_000;
        /// How many connections are open at a time; the next ones wait to be taken.
        max_connections "max_connections": usize = "4096", ["FERMIAC_HTTP_MAX_CONNECTIONS"], 1..=100_000;
        /// How long a connection may take to send the head of a request.
        head_timeout "head_timeout_ms": Duration = "30000", ["FERMIAC_HTTP_HEAD_TIMEOUT_MS"], ms(100)..=HOUR;
        /// How long requests that run may go on after the program is told to stop.
        drain "drain_ms": Duration = "20000", ["FERMIAC_HTTP_DRAIN_MS"], ms(0)..=HOUR;
    }
}

section! {
    /// The store.
    Database "database" {
        /// Where it is: postgres://user:password@host/name, sqlite:path or sqlite::memory:.
        url "url": Option<SecretUrl> = "", ["DATABASE_URL"];
        /// Connections of one process.
        max_connections "max_connections": u32 = "20", ["FERMIAC_DATABASE_MAX_CONNECTIONS"], 1..=1_000;
        /// How long a statement waits for a connection.
        acquire_timeout "acquire_timeout_ms": Duration = "5000", ["FERMIAC_DATABASE_ACQUIRE_TIMEOUT_MS"], ms(100)..=MINUTE;
        /// How long a statement may take.
        statement_timeout "statement_timeout_ms": Duration = "30000", ["FERMIAC_DATABASE_STATEMENT_TIMEOUT_MS"], ms(100)..=HOUR;
        /// Whether PgBouncer stands in between in transaction mode.
        pgbouncer "pgbouncer": bool = "false", ["FERMIAC_DATABASE_PGBOUNCER"];
    }
}

section! {
    /// The bell.
    Queue "queue" {
        /// Where Redis is: redis:// or rediss://; in-process: for none, in a single process.
        url "url": Option<SecretUrl> = "", ["REDIS_URL"];
        /// The file of the certificate, as PEM, that signed the server's; nothing for those that the public knows.
        root_certificate "root_certificate": Option<String> = "", ["FERMIAC_QUEUE_ROOT_CERTIFICATE"];
    }
}

section! {
    /// Where workbooks, samples and large results are.
    Blobs "blobs" {
        /// s3://bucket/prefix or the path of a folder.
        url "url": String = "fermiac-data/blobs", ["FERMIAC_BLOBS_URL"];
        /// The address of a server that is compatible with S3; nothing for Amazon's.
        endpoint "endpoint": Option<SecretUrl> = "", ["FERMIAC_BLOBS_ENDPOINT"];
        /// The region of the bucket.
        region "region": String = "us-east-1", ["FERMIAC_BLOBS_REGION", "AWS_REGION"];
        /// Whether the bucket stands in the path rather than in the name of the host.
        path_style "path_style": bool = "false", ["FERMIAC_BLOBS_PATH_STYLE"];
        /// Encryption by the server: AES256, aws:kms or aws:kms:KEY; nothing for the bucket's own.
        server_side_encryption "server_side_encryption": Option<String> = "", ["FERMIAC_BLOBS_SERVER_SIDE_ENCRYPTION"];
        /// The name of the key.
        access_key "access_key": Option<Secret> = "", ["FERMIAC_BLOBS_ACCESS_KEY", "AWS_ACCESS_KEY_ID"];
        /// The key.
        secret_key "secret_key": Option<Secret> = "", ["FERMIAC_BLOBS_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"];
        /// How long one try of a request may take, sending a part of 8 MiB included.
        answer_within "answer_within_ms": Duration = "30000", ["FERMIAC_BLOBS_ANSWER_WITHIN_MS"], ms(100)..=HOUR;
    }
}

section! {
    /// What a worker does, and how much at a time.
    Worker "worker" {
        /// Which jobs it takes: cpu, gpu, maintenance.
        labels "labels": Vec<Label> = "cpu", ["FERMIAC_WORKER_LABELS"];
        /// How many jobs it runs at a time; with GPUs, one on each.
        slots "slots": usize = "1", ["FERMIAC_WORKER_SLOTS"], 1..=1_024;
        /// Threads of the engine, over all slots; 0 for as many as there are processors.
        threads "threads": usize = "0", ["FERMIAC_WORKER_THREADS"], 0..=1_024;
        /// How long a job stays its own without a sign of life.
        lease "lease_ms": Duration = "10000", ["FERMIAC_WORKER_LEASE_MS"], ms(1_000)..=HOUR;
        /// How long running jobs may go on after the worker is told to stop.
        drain "drain_ms": Duration = "20000", ["FERMIAC_WORKER_DRAIN_MS"], ms(0)..=HOUR;
        /// Bytes of compiled models that it keeps.
        cache_bytes "cache_bytes": usize = "268435456", ["FERMIAC_WORKER_CACHE_BYTES"], 0..=68_719_476_736;
        /// The address that its probes and metrics listen on; nothing for none.
        listen "listen": Option<SocketAddr> = "", ["FERMIAC_WORKER_LISTEN"];
    }
}

section! {
    /// How often each duty runs.
    Scheduler "scheduler" {
        /// Rings what is ready and unrung.
        relay "relay_ms": Duration = "1000", ["FERMIAC_SCHEDULER_RELAY_MS"], ms(50)..=MINUTE;
        /// Makes ready what waited for its time.
        promote "promote_ms": Duration = "500", ["FERMIAC_SCHEDULER_PROMOTE_MS"], ms(50)..=MINUTE;
        /// Takes back what a worker lost.
        rescue "rescue_ms": Duration = "1000", ["FERMIAC_SCHEDULER_RESCUE_MS"], ms(50)..=MINUTE;
        /// Emits what the timetable says is due.
        schedules "schedules_ms": Duration = "1000", ["FERMIAC_SCHEDULER_SCHEDULES_MS"], ms(50)..=MINUTE;
        /// Counts outstanding work.
        outstanding "outstanding_ms": Duration = "5000", ["FERMIAC_SCHEDULER_OUTSTANDING_MS"], ms(50)..=HOUR;
        /// Seals the audit trail.
        audit "audit_ms": Duration = "5000", ["FERMIAC_SCHEDULER_AUDIT_MS"], ms(50)..=HOUR;
        /// Removes blobs that nothing refers to.
        collect "collect_ms": Duration = "3600000", ["FERMIAC_SCHEDULER_COLLECT_MS"], ms(50)..=Duration::from_secs(86_400);
        /// How long a scheduler leads without a sign of life; then another does the duties.
        term "term_ms": Duration = "6000", ["FERMIAC_SCHEDULER_TERM_MS"], ms(1_000)..=HOUR;
        /// The address that its probes and metrics listen on; nothing for none.
        listen "listen": Option<SocketAddr> = "", ["FERMIAC_SCHEDULER_LISTEN"];
    }
}

section! {
    /// What is said on the standard error.
    Log "log" {
        /// How much: trace, debug, info, warning, error.
        level "level": LogLevel = "info", ["LOG_LEVEL"];
        /// How: pretty or json.
        format "format": LogFormat = "json", ["FERMIAC_LOG_FORMAT"];
    }
}

section! {
    /// The GPUs of a worker that takes the label gpu.
    Gpu "gpu" {
        /// Whether it uses them.
        enabled "enabled": bool = "true", ["USE_GPU"];
        /// What it does where there are none: cpu or fail.
        fallback "fallback": DeviceFallback = "cpu", ["FERMIAC_GPU_FALLBACK"];
        /// Which part of their memory it takes.
        memory_fraction "memory_fraction": f64 = "0.4", ["GPU_MEMORY_FRACTION"], 0.05..=0.95;
    }
}

section! {
    /// What one user, and one request, may ask for.
    Limits "limits" {
        /// Trials of one simulation.
        trials "trials": u64 = "1000000000", ["FERMIAC_LIMIT_TRIALS"], 1..=1_000_000_000;
        /// Rows of one page.
        page "page": u32 = "200", ["FERMIAC_LIMIT_PAGE"], 1..=1_000;
    }
}

section! {
    /// Keys of the platform, and whom it tells.
    Security "security" {
        /// Signs what the platform gives out; 64 hexadecimal digits, as from `openssl rand -hex 32`.
        secret_key "secret_key": Option<Secret> = "", ["SECRET_KEY"];
        /// Where errors are reported; nothing for nowhere.
        sentry_dsn "sentry_dsn": Option<Secret> = "", ["SENTRY_DSN"];
    }
}

section! {
    /// How e-mail is sent; without a host it is not.
    Email "email" {
        /// The server.
        host "host": Option<String> = "", ["EMAIL_HOST"];
        /// Its port.
        port "port": u16 = "587", ["EMAIL_PORT"], 1..=65_535;
        /// Who sends.
        user "user": Option<String> = "", ["EMAIL_USER"];
        /// Their password.
        password "password": Option<Secret> = "", ["EMAIL_PASSWORD"];
    }
}

section! {
    /// Where backups are, and how long they are kept. Without a place there are none.
    Backup "backup" {
        /// s3://bucket/prefix or the path of a folder, of which nothing is the place of the data; nothing for no backups.
        url "url": Option<String> = "", ["FERMIAC_BACKUP_URL"];
        /// The address of a server that is compatible with S3; nothing for Amazon's.
        endpoint "endpoint": Option<SecretUrl> = "", ["FERMIAC_BACKUP_ENDPOINT"];
        /// The region of the bucket.
        region "region": String = "us-east-1", ["FERMIAC_BACKUP_REGION"];
        /// Whether the bucket stands in the path rather than in the name of the host.
        path_style "path_style": bool = "false", ["FERMIAC_BACKUP_PATH_STYLE"];
        /// The name of the key; another than the data's, so that who can delete the one cannot delete the other.
        access_key "access_key": Option<Secret> = "", ["FERMIAC_BACKUP_ACCESS_KEY"];
        /// The key.
        secret_key "secret_key": Option<Secret> = "", ["FERMIAC_BACKUP_SECRET_KEY"];
        /// Whom backups are sealed for, age1...; made together with the identity by `age-keygen`.
        recipient "recipient": Option<String> = "", ["FERMIAC_BACKUP_RECIPIENT"];
        /// What opens them, AGE-SECRET-KEY-1...; to take a backup it is not needed, to verify, drill or restore it is.
        identity "identity": Option<Secret> = "", ["FERMIAC_BACKUP_IDENTITY"];
        /// The database, past any PgBouncer; nothing for DATABASE_URL.
        database_url "database_url": Option<SecretUrl> = "", ["FERMIAC_BACKUP_DATABASE_URL"];
        /// How a backup is taken: pg_dump, or pgbackrest on a worker beside the database.
        kind "kind": BackupMethod = "pg_dump", ["FERMIAC_BACKUP_KIND"];
        /// Where a second copy goes, in another region: s3://bucket/prefix or a folder; nothing for none.
        second_url "second_url": Option<String> = "", ["FERMIAC_BACKUP_SECOND_URL"];
        /// The address of its server; nothing for Amazon's.
        second_endpoint "second_endpoint": Option<SecretUrl> = "", ["FERMIAC_BACKUP_SECOND_ENDPOINT"];
        /// Its region.
        second_region "second_region": String = "us-west-2", ["FERMIAC_BACKUP_SECOND_REGION"];
        /// Where servers of drills are set up; nothing for the folder of temporary files.
        scratch "scratch": Option<String> = "", ["FERMIAC_BACKUP_SCRATCH"];
        /// Days of which every backup is kept.
        keep_days "keep_days": u32 = "30", ["FERMIAC_BACKUP_KEEP_DAYS"], 1..=3_660;
        /// Weeks of which the newest is kept.
        keep_weekly "keep_weekly": u32 = "4", ["FERMIAC_BACKUP_KEEP_WEEKLY"], 0..=520;
        /// Months of which the newest is kept.
        keep_monthly "keep_monthly": u32 = "12", ["FERMIAC_BACKUP_KEEP_MONTHLY"], 0..=120;
        /// How long a restore may take, or its drill fails.
        recovery_time "recovery_time_ms": Duration = "14400000", ["FERMIAC_BACKUP_RECOVERY_TIME_MS"], ms(1_000)..=WEEK;
        /// How much may be lost, or a drill fails.
        lost_time "lost_time_ms": Duration = "900000", ["FERMIAC_BACKUP_LOST_TIME_MS"], ms(1_000)..=WEEK;
    }
}

section! {
    /// The rules that buckets follow by themselves.
    Lifecycle "lifecycle" {
        /// Whether each cleanup has the buckets follow them; else `fermiac lifecycle apply` does.
        apply "apply": bool = "true", ["FERMIAC_LIFECYCLE_APPLY"];
        /// Days after which an upload in parts that is not complete is given up.
        abort_uploads_days "abort_uploads_days": u32 = "7", ["FERMIAC_LIFECYCLE_ABORT_UPLOADS_DAYS"], 2..=365;
        /// Days for which a version of data that was deleted or written over stays, in a bucket that keeps versions.
        noncurrent_days "noncurrent_days": u32 = "30", ["FERMIAC_LIFECYCLE_NONCURRENT_DAYS"], 1..=3_660;
        /// The cheaper class that backups move to: standard_ia, intelligent_tiering, glacier_ir; nothing for none.
        backup_class "backup_class": Option<BackupClass> = "", ["FERMIAC_LIFECYCLE_BACKUP_CLASS"];
        /// After how many days.
        backup_class_days "backup_class_days": u32 = "30", ["FERMIAC_LIFECYCLE_BACKUP_CLASS_DAYS"], 30..=3_660;
    }
}

section! {
    /// pgBackRest, on a worker beside the database. The keys of its bucket are those of the backups.
    Pgbackrest "pgbackrest" {
        /// What the cluster is called in the repository.
        stanza "stanza": String = "fermiac", ["FERMIAC_PGBACKREST_STANZA"];
        /// s3://bucket/prefix of the repository.
        url "url": Option<String> = "", ["FERMIAC_PGBACKREST_URL"];
        /// The https:// address of a server that is compatible with S3; nothing for Amazon's.
        endpoint "endpoint": Option<SecretUrl> = "", ["FERMIAC_PGBACKREST_ENDPOINT"];
        /// The region of the bucket.
        region "region": String = "us-east-1", ["FERMIAC_PGBACKREST_REGION"];
        /// Whether the bucket stands in the path rather than in the name of the host.
        path_style "path_style": bool = "false", ["FERMIAC_PGBACKREST_PATH_STYLE"];
        /// The file of the certificate to trust, where it is not one that the system trusts.
        ca_file "ca_file": Option<String> = "", ["FERMIAC_PGBACKREST_CA_FILE"];
        /// What the repository is encrypted with.
        passphrase "passphrase": Option<Secret> = "", ["FERMIAC_PGBACKREST_PASSPHRASE"];
        /// The folder of the database's data.
        data "data": String = "/var/lib/postgresql/15/main", ["FERMIAC_PGBACKREST_DATA"];
        /// The folder of the database's socket.
        socket "socket": String = "/var/run/postgresql", ["FERMIAC_PGBACKREST_SOCKET"];
        /// The port in the name of that socket.
        port "port": u16 = "5432", ["FERMIAC_PGBACKREST_PORT"], 1..=65_535;
        /// A folder for its configuration, locks and logs, which the server's user reads.
        folder "folder": String = "/var/lib/fermiac/pgbackrest", ["FERMIAC_PGBACKREST_FOLDER"];
    }
}

section! {
    /// What a smoke test looks at, and what it lets pass.
    Smoke "smoke" {
        /// Where users reach the API, such as `https://example.org`; in development and testing, nothing for http.listen.
        url "url": Option<String> = "", ["FERMIAC_SMOKE_URL"];
        /// Where the API's page of figures is; nothing for /metrics below that.
        metrics_url "metrics_url": Option<String> = "", ["FERMIAC_SMOKE_METRICS_URL"];
        /// The file of the certificate, as PEM, that signed the API's; nothing for those that the public knows.
        root_certificate "root_certificate": Option<String> = "", ["FERMIAC_SMOKE_ROOT_CERTIFICATE"];
        /// The key of a synthetic user, from `fermiac users add smoke --synthetic`.
        api_key "api_key": Option<Secret> = "", ["FERMIAC_SMOKE_API_KEY"];
        /// A certificate that expires in fewer days fails.
        certificate_days "certificate_days": u32 = "14", ["FERMIAC_SMOKE_CERTIFICATE_DAYS"], 0..=365;
        /// Whether a backup, a restore drill and a cleanup that succeeded are each followed by the environment's usual suite.
        after_maintenance "after_maintenance": bool = "true", ["FERMIAC_SMOKE_AFTER_MAINTENANCE"];
        /// More failures of the API fail, as percent of its answers.
        error_percent "error_percent": f64 = "5", ["FERMIAC_SMOKE_ERROR_PERCENT"], 0.0..=100.0;
    }
}
