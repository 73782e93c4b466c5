//! What becomes of simulations.

use std::time::Duration;

use bytes::Bytes;
use fermiac_fleet::delivery::{Outcome, Produced, Retry};
use fermiac_fleet::job::{Kind, Label, State};
use fermiac_fleet::queue::ConsumerName;
use fermiac_fleet::store::WorkerBeat;
use serde_json::json;

use super::server::{Home, Server, completed, on_both};

const CALL: &str = include_str!("../../../examples/european_call.json");

/// A request for a small simulation of an example.
pub fn call() -> String {
    format!("{{\"model\": {CALL}, \"trials\": 10000}}")
}

on_both! {
    async fn a_simulation_is_accepted_run_and_answered(server) {
        let mut listener = server.queue.listen(&[Label::Cpu], &ConsumerName::fresh());
        let answer = server.user.post("/v1/simulations", call()).await;
        let location = answer.header("location").to_owned();
        let accepted = answer.expect(202);
        assert_eq!((&accepted["state"], &accepted["trials"]), (&json!("queued"), &json!(10_000)));
        let rung = listener.next(10, Duration::from_secs(5)).await.unwrap();
        assert_eq!(rung.len(), 1);
        assert_eq!(server.user.get(&location).await.expect(200), accepted);
        let unfinished = server.user.get(&format!("{location}/result")).await.problem(409);
        assert!(unfinished.contains("0 of 10000 trials are done"), "{unfinished}");

        let deliveries = server.claim().await;
        assert_eq!((deliveries.len(), deliveries[0].kind), (1, Kind::Simulate));
        assert_eq!(server.user.get(&location).await.expect(200)["state"], "running");
        let document = b"{\n  \"of\": [1.0, 2]\n}\n";
        server.settle(deliveries, &completed(document)).await;
        let done = server.user.get(&location).await.expect(200);
        assert_eq!((&done["state"], &done["trials_done"]), (&json!("succeeded"), &json!(10_000)));
        let result = server.user.get(&format!("{location}/result")).await;
        assert_eq!((result.header("content-type"), &result.body[..]), ("application/json", &document[..]));
        let none = server.user.get(&format!("{location}/samples")).await.problem(410);
        assert!(none.contains("\"samples\": true"), "{none}");
    }

    async fn large_results_and_samples_come_from_the_blobs(server) {
        server.blobs.put("results/x.json", Bytes::from_static(b"{\"large\": 1}")).await.unwrap();
        server.blobs.put("samples/x.parquet", Bytes::from_static(b"PAR1")).await.unwrap();
        let id = server.user.post("/v1/simulations", call()).await.expect(202)["id"].as_str().unwrap().to_owned();
        let produced = Produced {
            result: None,
            result_key: Some("results/x.json".to_owned()),
            samples_key: Some("samples/x.parquet".to_owned()),
            ..Produced::default()
        };
        let deliveries = server.claim().await;
        server.settle(deliveries, &Outcome::Completed(produced)).await;
        let result = server.user.get(&format!("/v1/simulations/{id}/result")).await;
        assert_eq!(&result.body[..], b"{\"large\": 1}");
        let samples = server.user.get(&format!("/v1/simulations/{id}/samples")).await;
        assert_eq!(samples.header("content-type"), "application/vnd.apache.parquet");
        assert_eq!(&samples.body[..], b"PAR1");
    }

    async fn a_large_simulation_is_slices_and_one_combine(server) {
        let beat = WorkerBeat {
            id: "a".to_owned(),
            labels: vec![Label::Cpu],
            slots: 4,
            version: "0".to_owned(),
            device: "cpu".to_owned(),
        };
        server.store.heartbeat(&beat).await.unwrap();
        let request = format!("{{\"model\": {CALL}, \"trials\": \"2e8\"}}");
        let id = server.user.post("/v1/simulations", request).await.expect(202)["id"].clone();
        let jobs = server.user.get(&format!("/v1/jobs?simulation={}&limit=200", id.as_str().unwrap())).await.expect(200);
        let jobs = jobs["items"].as_array().unwrap();
        let of_kind = |kind: &str| jobs.iter().filter(|job| job["kind"] == kind).count();
        assert_eq!(of_kind("combine"), 1);
        assert!(of_kind("slice") >= 4, "{} slices", of_kind("slice"));
        let root = jobs.iter().find(|job| job["kind"] == "combine").unwrap();
        assert_eq!((&root["state"], root["pending_children"].as_u64()), (&json!("waiting"), Some(of_kind("slice") as u64)));
    }

    async fn the_same_key_gives_the_same_simulation_and_no_other_request(server) {
        let headers = [("content-type", "application/json"), ("idempotency-key", "one")];
        let send = async |body: String| server.user.send("POST", "/v1/simulations", &headers, body.into()).await;
        let first = send(call()).await.expect(202);
        assert_eq!(send(call()).await.expect(200)["id"], first["id"]);
        // Written otherwise it is the same request.
        assert_eq!(send(call().replace("10000", "\"1e4\"")).await.expect(200)["id"], first["id"]);
        let conflict = send(call().replace("10000", "20000")).await.problem(409);
        assert!(conflict.contains("another request"), "{conflict}");
        let others = server.other.send("POST", "/v1/simulations", &headers, call().into()).await.expect(202);
        assert_ne!(others["id"], first["id"]);
        assert_eq!(server.rows().await, (2, 2));
    }

    async fn a_simulation_is_cancelled_once_and_asking_again_is_fine(server) {
        let id = server.user.post("/v1/simulations", call()).await.expect(202)["id"].as_str().unwrap().to_owned();
        let cancel = format!("/v1/simulations/{id}/cancel");
        let cancelled = server.user.post(&cancel, "").await.expect(200);
        assert_eq!((&cancelled["cancellation"], &cancelled["simulation"]["state"]), (&json!("cancelled"), &json!("cancelled")));
        assert_eq!(server.user.post(&cancel, "").await.expect(200)["cancellation"], "already");
        let gone = server.user.get(&format!("/v1/simulations/{id}/result")).await.problem(410);
        assert!(gone.contains("cancelled"), "{gone}");

        let id = server.user.post("/v1/simulations", call()).await.expect(202)["id"].as_str().unwrap().to_owned();
        server.claim().await;
        let requested = server.user.post(&format!("/v1/simulations/{id}/cancel"), "").await.expect(202);
        assert_eq!(requested["cancellation"], "requested");
    }

    async fn a_failed_job_says_why_and_is_tried_again_by_hand(server) {
        let id = server.user.post("/v1/simulations", call()).await.expect(202)["id"].as_str().unwrap().to_owned();
        let deliveries = server.claim().await;
        let job = deliveries[0].job;
        let running = server.user.post(&format!("/v1/jobs/{job}/retry"), "").await.problem(409);
        assert!(running.contains("running"), "{running}");
        let failed = Outcome::Failed { error: "the moon was full".to_owned(), retry: Retry::Never };
        server.settle(deliveries, &failed).await;
        let gone = server.user.get(&format!("/v1/simulations/{id}/result")).await.problem(410);
        assert!(gone.contains("the moon was full"), "{gone}");
        assert_eq!(server.user.get(&format!("/v1/jobs/{job}")).await.expect(200)["error"], "the moon was full");
        assert_eq!(server.user.post(&format!("/v1/jobs/{job}/retry"), "").await.expect(200)["state"], State::Ready.name());
        let deliveries = server.claim().await;
        server.settle(deliveries, &completed(b"{}")).await;
        assert_eq!(&server.user.get(&format!("/v1/simulations/{id}/result")).await.body[..], b"{}");
    }

    async fn lists_come_page_by_page_newest_first(server) {
        let mut submitted = Vec::new();
        for _ in 0..5 {
            submitted.push(server.user.post("/v1/simulations", call()).await.expect(202)["id"].clone());
        }
        submitted.reverse();
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = server.user.get(&format!("/v1/simulations?limit=2{after}")).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(seen, submitted);
        let none = server.user.get("/v1/simulations?state=succeeded").await.expect(200);
        assert_eq!(none, json!({"items": [], "next": null}));
    }
}
