//! How long certificates last.

use chrono::{DateTime, Utc};
use fermiac_fleet::profile::SecretUrl;
use futures_util::future::join_all;
use ureq::http::Uri;

use super::{Answer, Halt};
use crate::subject::Subject;
use crate::tls::{Opening, certificate_ends_at};

/// A server that speaks TLS.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    place: String,
    host: String,
    port: u16,
    opening: Opening,
}

pub async fn certificate(subject: &Subject) -> Answer {
    let servers = servers(subject)?;
    if servers.is_empty() {
        return Err(Halt::Skip("nothing here is reached over TLS".to_owned()));
    }
    let least = i64::from(subject.settings.smoke.certificate_days);
    let looked = join_all(servers.iter().map(|server| look(server, least))).await;
    let seen: Vec<String> = looked.into_iter().collect::<Result<_, _>>()?;
    Ok(seen.join(", "))
}

async fn look(server: &Server, least: i64) -> Answer {
    let ends_at = certificate_ends_at(&server.host, server.port, server.opening).await.map_err(|error| {
        let what_to_do = "see that the server runs, and speaks TLS";
        Halt::fail(format!("cannot look at the certificate: {error}"), &server.place, what_to_do)
    })?;
    judge(&server.place, ends_at, Utc::now(), least)
}

fn judge(place: &str, ends_at: DateTime<Utc>, now: DateTime<Utc>, least: i64) -> Answer {
    let days = (ends_at - now).num_days();
    let on = ends_at.format("%Y-%m-%d %H:%M UTC");
    let what_to_do = "renew it, and have the server load it";
    if ends_at <= now {
        return Err(Halt::fail(format!("the certificate has expired, on {on}"), place, what_to_do));
    }
    if days < least {
        let what = format!("the certificate expires in {days} days, on {on}; {least} should be left");
        return Err(Halt::fail(what, place, what_to_do));
    }
    Ok(format!("{days} days left of {place}"))
}

/// The API's, and those of Redis and Postgres where their addresses ask for TLS.
fn servers(subject: &Subject) -> Result<Vec<Server>, Halt> {
    let mut servers = Vec::new();
    if let Some(url) = subject.url().filter(|url| url.starts_with("https:")) {
        servers.push(server(&SecretUrl::new(url), 443, Opening::AtOnce)?);
    }
    if let Some(url) = subject.settings.queue.url.as_ref().filter(|url| url.scheme() == "rediss") {
        servers.push(server(url, 6379, Opening::AtOnce)?);
    }
    if let Some(url) = subject.settings.database.url.as_ref().filter(|url| insists_on_tls(url)) {
        servers.push(server(url, 5432, Opening::OfPostgres)?);
    }
    Ok(servers)
}

fn insists_on_tls(url: &SecretUrl) -> bool {
    let parameters = url.expose().split_once('?').map_or("", |(_, parameters)| parameters);
    let modes = ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"];
    url.scheme().starts_with("postgres") && parameters.split('&').any(|parameter| modes.contains(&parameter))
}

fn server(url: &SecretUrl, usual_port: u16, opening: Opening) -> Result<Server, Halt> {
    let place = url.redacted();
    let unreadable = || Halt::fail("its address names no host", &place, "correct the address in the profile");
    let uri: Uri = url.expose().parse().map_err(|_| unreadable())?;
    let host = uri.host().ok_or_else(unreadable)?.trim_matches(['[', ']']).to_owned();
    let port = uri.port_u16().unwrap_or(usual_port);
    Ok(Server { host, port, opening, place })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_certificate_fails_before_it_ends() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let of = |days| judge("https://x", now + TimeDelta::days(days), now, 14);
        assert_eq!(of(14), Ok("14 days left of https://x".to_owned()));
        let Err(Halt::Fail { what, place, .. }) = of(13) else { panic!("too few days") };
        assert!(what.contains("in 13 days, on 2027-01-28") && place == "https://x", "{what}");
        let Err(Halt::Fail { what, .. }) = of(0) else { panic!("it has ended") };
        assert!(what.contains("expired"), "{what}");
    }

    #[test]
    fn addresses_name_their_servers_and_keep_their_secrets() {
        let of = |url: &str, port| server(&SecretUrl::new(url), port, Opening::AtOnce).unwrap();
        let redis = of("rediss://:hidden@cache.example:6380/0", 6379);
        assert_eq!((redis.host.as_str(), redis.port), ("cache.example", 6380));
        assert!(!redis.place.contains("hidden"));
        assert_eq!(of("https://example.org", 443).port, 443);
        assert_eq!(of("https://[::1]:8443", 443).host, "::1");
        assert!(insists_on_tls(&SecretUrl::new("postgres://u:p@db/x?a=1&sslmode=verify-full")));
        assert!(!insists_on_tls(&SecretUrl::new("postgres://u:p@db/x?sslmode=prefer")));
        assert!(!insists_on_tls(&SecretUrl::new("postgres://u:sslmode=require@db/x")));
    }
}
