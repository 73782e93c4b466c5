//! Uploads.

use std::convert::Infallible;

use bytes::Bytes;
use fermiac_fleet::delivery::Outcome;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use sha2::{Digest, Sha256};

use super::server::{Home, Server, on_both};

const NPV: &[u8] = include_bytes!("../../../examples/project_npv.xlsx");

on_both! {
    async fn a_workbook_is_stored_simulated_and_deleted(server) {
        let answer = server.user.send("POST", "/v1/workbooks?name=plans/npv.xlsx", &[], Bytes::from_static(NPV)).await;
        let location = answer.header("location").to_owned();
        let workbook = answer.expect(201);
        assert_eq!(workbook["name"], "npv.xlsx");
        assert_eq!(workbook["bytes"], NPV.len());
        let hash: String = Sha256::digest(NPV).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(workbook["sha256"], hash);
        assert!(workbook["cells"].as_u64().unwrap() > workbook["formulas"].as_u64().unwrap());
        assert_eq!(server.user.get(&location).await.expect(200), workbook);
        assert_eq!(server.user.get("/v1/workbooks").await.expect(200)["items"][0], workbook);
        server.other.get(&location).await.problem(404);

        let request = serde_json::json!({"workbook": workbook["id"], "trials": 10_000});
        let simulation = server.user.post("/v1/simulations", &request).await.expect(202);
        assert_eq!(simulation["workbook"], workbook["id"]);
        assert!(server.other.post("/v1/simulations", &request).await.problem(422).contains("there is no workbook"));
        let in_use = server.user.send("DELETE", &location, &[], Bytes::new()).await.problem(409);
        assert!(in_use.contains("has not ended"), "{in_use}");
        let deliveries = server.claim().await;
        server.settle(deliveries, &Outcome::Completed(Default::default())).await;
        server.other.send("DELETE", &location, &[], Bytes::new()).await.problem(404);
        assert_eq!(server.user.send("DELETE", &location, &[], Bytes::new()).await.status, 204);
        server.user.get(&location).await.problem(404);
        server.user.send("DELETE", &location, &[], Bytes::new()).await.problem(404);
    }

    async fn a_request_is_answered_again_when_its_workbook_is_gone(server) {
        let uploaded = server.user.send("POST", "/v1/workbooks", &[], Bytes::from_static(NPV)).await;
        let location = uploaded.header("location").to_owned();
        let request = serde_json::json!({"workbook": uploaded.expect(201)["id"], "trials": 10_000});
        let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
        let send = async |body: String| server.user.send("POST", "/v1/simulations", &headers, body.into()).await;
        let id = send(request.to_string()).await.expect(202)["id"].clone();
        let deliveries = server.claim().await;
        server.settle(deliveries, &Outcome::Completed(Default::default())).await;
        assert_eq!(server.user.send("DELETE", &location, &[], Bytes::new()).await.status, 204);
        assert_eq!(send(request.to_string()).await.expect(200)["id"], id);
        let another = request.to_string().replace("10000", "20000");
        assert!(send(another).await.problem(422).contains("there is no workbook"));
        assert!(server.other.send("POST", "/v1/simulations", &headers, request.to_string().into()).await.problem(422).contains("there is no workbook"));
    }

    async fn what_is_no_workbook_is_refused_and_not_stored(server) {
        for (body, said) in [
            (&b"hello"[..], "not a workbook"),
            (&NPV[..NPV.len() / 2], "workbook"),
            (b"{\"cells\": 1}", "cells"),
        ] {
            let detail = server.user.send("POST", "/v1/workbooks", &[], Bytes::copy_from_slice(body)).await.problem(422);
            assert!(detail.contains(said) && !detail.contains("/tmp"), "{detail}");
        }
        server.user.send("POST", "/v1/workbooks", &[], Bytes::new()).await.problem(400);
        server.user.send("POST", "/v1/workbooks?name=", &[], Bytes::from_static(NPV)).await.problem(400);
        server.user.send("POST", "/v1/workbooks?nam=x", &[], Bytes::from_static(NPV)).await.problem(400);
        assert_eq!(server.user.get("/v1/workbooks").await.expect(200)["items"], serde_json::json!([]));
        assert_eq!(server.blobs.list("", None).await.unwrap().blobs, []);
    }
}

#[tokio::test]
async fn an_upload_past_the_bound_is_refused_declared_or_not() {
    let server = Server::start_with(Home::Sqlite, &[("FERMIAC_UPLOAD_MAX_BYTES", "4096")]).await;
    let detail =
        server.user.send("POST", "/v1/workbooks", &[], Bytes::from(vec![0; 4097])).await.problem(413);
    assert!(detail.contains("4096"), "{detail}");
    // Without a length it is counted as it comes.
    let frames = (0..5).map(|_| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![0; 1024]))));
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let answer = server.user.open("POST", "/v1/workbooks", &[], body).await;
    assert_eq!(answer.status(), 413);
    answer.into_body().collect().await.unwrap();
}

#[tokio::test]
async fn an_upload_that_falls_silent_is_given_up() {
    let server = Server::start_with(Home::Sqlite, &[("FERMIAC_UPLOAD_IDLE_MS", "100")]).await;
    let body = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
    assert_eq!(server.user.open("POST", "/v1/workbooks", &[], body).await.status(), 504);
}
