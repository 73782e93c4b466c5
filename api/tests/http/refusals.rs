//! What is refused, in which words, and that nothing of it stays.

use bytes::Bytes;

use super::server::{Home, Server, on_both};
use super::simulations::call;

on_both! {
    async fn a_request_that_cannot_be_is_refused_in_words_and_leaves_nothing(server) {
        let model = r#""model": {"inputs": {"a": "normal(0, 1)"}, "cells": {"b": "=a+1"}, "outputs": ["b"]}"#;
        for (request, status, said) in [
            ("{".to_owned(), 422, "EOF"),
            ("[1]".to_owned(), 422, "expected an object"),
            ("{}".to_owned(), 422, "give a model"),
            (format!("{{{model}, \"trails\": 5}}"), 422, "unknown field `trails`"),
            (format!("{{{model}, \"trials\": 0}}"), 422, "trials"),
            (format!("{{{model}, \"trials\": 1e300}}"), 422, "trials"),
            (format!("{{{model}, \"trials\": [1]}}"), 422, "trials"),
            (format!("{{{model}, \"seed\": -1}}"), 422, "seed"),
            (format!("{{{model}, \"seed\": 99999999999999999999999}}"), 422, "seed"),
            (format!("{{{model}, \"sampling\": \"dice\"}}"), 422, "sampling"),
            (format!("{{{model}, \"inputs\": {{\"a\": \"normal(0)\"}}}}"), 422, "normal"),
            (format!("{{{model}, \"until\": \"mean(c)+-1%\"}}"), 422, "there is no output"),
            (format!("{{{model}, \"workbook\": \"x\"}}"), 422, "give one of them"),
            (model_of("=a+INDIRECT(1)"), 422, "INDIRECT"),
            (model_of("=a+"), 422, "b"),
            ("{\"workbook\": \"no-such\"}".to_owned(), 422, "there is no workbook"),
            (format!("{{\"workbook\": \"{}\"}}", fermiac_fleet::ids::WorkbookId::new()), 422, "there is no workbook"),
        ] {
            let detail = server.user.post("/v1/simulations", &request).await.problem(status);
            assert!(detail.contains(said), "{request}: {detail}");
        }
        assert_eq!(server.rows().await, (0, 0));
    }

    async fn what_is_anothers_is_not_there(server) {
        let id = server.user.post("/v1/simulations", call()).await.expect(202)["id"].as_str().unwrap().to_owned();
        let job = server.claim().await[0].job;
        for path in ["", "/result", "/samples", "/events"] {
            server.other.get(&format!("/v1/simulations/{id}{path}")).await.problem(404);
        }
        server.other.post(&format!("/v1/simulations/{id}/cancel"), "").await.problem(404);
        server.other.get(&format!("/v1/jobs/{job}")).await.problem(404);
        server.other.post(&format!("/v1/jobs/{job}/retry"), "").await.problem(404);
        for list in ["simulations", "jobs", "workbooks"] {
            assert_eq!(server.other.get(&format!("/v1/{list}")).await.expect(200)["items"], serde_json::json!([]));
        }
        assert_eq!(server.operator.get(&format!("/v1/jobs/{job}")).await.expect(200)["worker"], "worker");
        assert!(server.user.get(&format!("/v1/jobs/{job}")).await.expect(200).get("worker").is_none());
    }

    async fn only_a_valid_key_opens_anything(server) {
        let stranger = server.stranger();
        let answer = stranger.get("/v1/simulations").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"fermiac\"");
        assert!(answer.problem(401).contains("Authorization: Bearer"));
        for given in ["Bearer fmc_0000", "Bearer ", "Basic dTpw", "fmc_1"] {
            stranger.send("GET", "/v1/jobs", &[("authorization", given)], Bytes::new()).await.problem(401);
        }
        stranger.post("/v1/simulations", call()).await.problem(401);
        stranger.send("POST", "/v1/workbooks", &[], Bytes::from_static(b"x")).await.problem(401);
        let user = server.store.users().await.unwrap().into_iter().find(|user| user.name == "other").unwrap();
        server.store.revoke_user(user.id).await.unwrap();
        assert!(server.other.get("/v1/simulations").await.problem(401).contains("revoked"));
    }

    async fn addresses_methods_and_parameters_are_refused_as_problems(server) {
        server.user.get("/v1/nothing").await.problem(404);
        server.user.get("/v1/simulations/7").await.problem(404);
        let method = server.user.send("PUT", "/v1/simulations", &[], Bytes::new()).await;
        assert!(method.header("allow").contains("POST"));
        method.problem(405);
        for query in ["limit=0", "limit=201", "limit=many", "after=x", "state=done", "stat=running", "limit=1&limit=2"] {
            server.user.get(&format!("/v1/simulations?{query}")).await.problem(400);
        }
        let media = server.user.send("POST", "/v1/simulations", &[("content-type", "text/plain")], call().into()).await;
        assert!(media.problem(415).contains("application/json"));
        for key in ["", "with space", &"k".repeat(256)] {
            let headers = [("content-type", "application/json"), ("idempotency-key", key)];
            server.user.send("POST", "/v1/simulations", &headers, call().into()).await.problem(400);
        }
        assert_eq!(server.rows().await, (0, 0));
    }
}

fn model_of(formula: &str) -> String {
    let cells = serde_json::json!({"b": formula});
    format!(r#"{{"model": {{"inputs": {{"a": "normal(0, 1)"}}, "cells": {cells}, "outputs": ["b"]}}}}"#)
}

#[tokio::test]
async fn a_body_past_the_bound_is_refused_before_it_comes() {
    let server = Server::start_with(Home::Sqlite, &[("FERMIAC_BODY_MAX_BYTES", "2048")]).await;
    let large = format!("{}{}", " ".repeat(2048), call());
    assert!(server.user.post("/v1/simulations", large).await.problem(413).contains("2048"));
}

#[tokio::test]
async fn a_host_that_is_not_named_is_refused_but_probes_are_answered() {
    let server = Server::start_with(Home::Sqlite, &[("ALLOWED_HOSTS", "other.example")]).await;
    server.user.get("/v1/simulations").await.problem(421);
    assert_eq!(server.user.get("/livez").await.status, 200);
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_others_may_not() {
    let server = Server::start_with(Home::Sqlite, &[("CORS_ORIGINS", "https://simapp.ai")]).await;
    let preflight = async |origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = server.stranger().send("OPTIONS", "/v1/simulations", &headers, Bytes::new()).await;
        answer.header("access-control-allow-origin").to_owned()
    };
    assert_eq!(preflight("https://simapp.ai").await, "https://simapp.ai");
    assert_eq!(preflight("https://evil.example").await, "");
}

#[tokio::test]
async fn every_answer_has_an_id_and_the_headers_of_all() {
    let server = Server::start(Home::Sqlite).await;
    let answer = server.user.send("GET", "/v1/nothing", &[("x-request-id", "mine-1")], Bytes::new()).await;
    assert_eq!(answer.header("x-request-id"), "mine-1");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = server.user.send("GET", "/livez", &[("x-request-id", "<script>")], Bytes::new()).await;
    assert_ne!(answer.header("x-request-id"), "<script>");
    assert!(!answer.header("x-request-id").is_empty());
}
