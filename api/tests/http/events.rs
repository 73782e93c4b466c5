//! Event streams.

use std::time::Duration;

use bytes::Bytes;
use fermiac_fleet::store::Renewal;
use http_body_util::{BodyExt, Empty};
use hyper::Response;
use hyper::body::Incoming;
use serde_json::Value;

use super::server::{Home, Server, completed, on_both};
use super::simulations::call;

const SOON: Duration = Duration::from_secs(20);

/// One event.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

struct Stream {
    body: Incoming,
    text: String,
}

async fn open(server: &Server, id: &str, last: &[(&str, &str)]) -> Response<Incoming> {
    server.user.open("GET", &format!("/v1/simulations/{id}/events"), last, Empty::<Bytes>::new()).await
}

impl Stream {
    fn of(response: Response<Incoming>) -> Stream {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { body: response.into_body(), text: String::new() }
    }

    /// The next event; nothing at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let prefix = format!("{name}: ");
                    event.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().to_owned()
                };
                let event = Event {
                    name: field("event"),
                    id: field("id"),
                    data: serde_json::from_str(&field("data")).unwrap(),
                };
                self.text = rest.to_owned();
                return Some(event);
            }
            let frame = tokio::time::timeout(SOON, self.body.frame()).await.expect("an event comes soon")?;
            self.text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    }
}

on_both! {
    async fn events_tell_every_state_and_end_with_the_last(server) {
        let id = server.user.post("/v1/simulations", call()).await.expect(202)["id"].as_str().unwrap().to_owned();
        let mut events = Stream::of(open(&server, &id, &[]).await);
        let first = events.next().await.unwrap();
        assert_eq!((first.name.as_str(), first.id.as_str()), ("state", "queued:0"));
        let deliveries = server.claim().await;
        assert_eq!(events.next().await.unwrap().data["state"], "running");
        let renewal = Renewal { held: deliveries[0].held(), progress: Some(4_096) };
        server.store.renew(&[renewal], SOON).await.unwrap();
        let progress = events.next().await.unwrap();
        assert_eq!((progress.name.as_str(), &progress.data["trials_done"]), ("progress", &4_096.into()));
        server.settle(deliveries, &completed(b"{}")).await;
        let last = events.next().await.unwrap();
        assert_eq!((last.name.as_str(), last.id.as_str()), ("state", "succeeded:10000"));
        assert_eq!(events.next().await, None);

        // Coming back: what is new since, and nothing where that was all.
        let mut events = Stream::of(open(&server, &id, &[("last-event-id", &progress.id)]).await);
        assert_eq!(events.next().await.unwrap().id, last.id);
        assert_eq!(open(&server, &id, &[("last-event-id", &last.id)]).await.status(), 204);
    }
}

#[tokio::test]
async fn streams_are_bounded_and_end_when_the_server_drains() {
    let server = Server::start_with(Home::Sqlite, &[("FERMIAC_EVENT_STREAMS", "1")]).await;
    let id = server.user.post("/v1/simulations", call()).await.expect(202)["id"].as_str().unwrap().to_owned();
    let mut events = Stream::of(open(&server, &id, &[]).await);
    events.next().await.unwrap();
    let busy = server.user.get(&format!("/v1/simulations/{id}/events")).await;
    assert_eq!(busy.header("retry-after"), "2");
    busy.problem(503);
    server.shutdown.draining.cancel();
    assert_eq!(events.next().await, None);
}
