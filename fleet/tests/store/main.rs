//! The store from outside: what it promises, on SQLite and on Postgres; and that nothing is lost or done twice,
//! whatever happens in whatever order.

#![expect(clippy::unwrap_used, reason = "in a test, an error is a failure")]

/// Each of these functions as a test on each database.
macro_rules! on_all {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::Bench::on(crate::support::Home::Sqlite).await).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::Bench::on(crate::support::Home::Postgres).await).await;
            })+
        }

        mod behind_pgbouncer {
            $(#[tokio::test]
            async fn $name() {
                if crate::pgbouncer::is_installed() {
                    super::$name(crate::support::Bench::on(crate::support::Home::PgBouncer).await).await;
                }
            })+
        }
    };
}

mod alone;
mod audit;
mod crowd;
mod followers;
mod jobs;
mod members;
mod outage;
mod pgbouncer;
mod read_only;
mod retention;
mod schedules;
mod schema;
mod seeded;
mod simulations;
mod speed;
mod support;
