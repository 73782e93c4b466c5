//! What can go wrong between a client and an S3 server.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Method, Request, Response, StatusCode};
use s3s::service::S3Service;
use tokio::sync::Notify;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with status 500, and nothing is done.
    Error,
    /// It is answered with status 503 and S3's words for "slow down", and nothing is done.
    SlowDown,
    /// It is never answered, and nothing is done.
    Hang,
    /// Its connection is cut after so many bytes of its body have been read, and nothing is done.
    CutRequest(usize),
    /// It is done, and the connection is cut after so many bytes of the answer's body.
    CutAnswer(usize),
    /// It is done, and its answer is held back until the server is healed.
    HoldAnswer,
}

/// Which requests are spoilt how.
#[derive(Debug)]
pub struct Faults {
    /// Where the objects are.
    root: PathBuf,
    plan: Mutex<Plan>,
    healed: Notify,
}

/// The header by which a client asks that an object be encrypted.
const ENCRYPTION: &str = "x-amz-server-side-encryption";

#[derive(Debug, Default)]
struct Plan {
    requests: usize,
    encryptions: Vec<String>,
    fault: Option<Fault>,
    skip: usize,
    count: usize,
}

impl Faults {
    /// None so far, of a server whose objects are below this folder.
    pub fn of(root: &Path) -> Self {
        Faults { root: root.to_owned(), plan: Mutex::default(), healed: Notify::new() }
    }

    pub fn plan(&self, fault: Fault, skip: usize, count: usize) {
        let mut plan = self.lock();
        plan.fault = Some(fault);
        (plan.skip, plan.count) = (skip, count);
    }

    pub fn heal(&self) {
        self.lock().fault = None;
        self.healed.notify_waiters();
    }

    pub fn requests(&self) -> usize {
        self.lock().requests
    }

    pub fn encryptions(&self) -> Vec<String> {
        self.lock().encryptions.clone()
    }

    fn note(&self, request: &Request<Incoming>) {
        let asked = request.headers().get(ENCRYPTION).and_then(|value| value.to_str().ok());
        self.lock().encryptions.extend(asked.map(|asked| format!("{} {asked}", request.method())));
    }

    fn next(&self) -> Option<Fault> {
        let mut plan = self.lock();
        plan.requests += 1;
        let fault = plan.fault?;
        if plan.skip > 0 {
            plan.skip -= 1;
            return None;
        }
        plan.count = plan.count.checked_sub(1)?;
        Some(fault)
    }

    fn names_folder(&self, path: &str) -> bool {
        let place = path.trim_matches('/');
        place.contains('/') && !place.contains("..") && self.root.join(place).is_dir()
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type AnyError = Box<dyn Error + Send + Sync>;
type Answer = Response<UnsyncBoxBody<Bytes, AnyError>>;

/// An error closes the connection.
pub async fn answer(
    request: Request<Incoming>,
    service: &S3Service,
    faults: &Faults,
) -> Result<Answer, AnyError> {
    faults.note(&request);
    match faults.next() {
        // S3 has no folders; on the disk, part of a key names one, over which the service stumbles.
        None if request.method() == Method::HEAD && faults.names_folder(request.uri().path()) => not_found(),
        None => done(request, service).await,
        Some(Fault::Error) => refused(request, StatusCode::INTERNAL_SERVER_ERROR, "InternalError").await,
        Some(Fault::SlowDown) => refused(request, StatusCode::SERVICE_UNAVAILABLE, "SlowDown").await,
        Some(Fault::Hang) => {
            faults.healed.notified().await;
            Err("hung until it was healed".into())
        }
        Some(Fault::CutRequest(bytes)) => {
            read_at_least(request.into_body(), bytes).await?;
            Err("cut in the request".into())
        }
        Some(Fault::CutAnswer(bytes)) => {
            let answer = done(request, service).await?;
            Ok(answer.map(|body| CutBody { body, left: bytes }.boxed_unsync()))
        }
        Some(Fault::HoldAnswer) => {
            // Asked for first: what the request does is seen by others before its answer is held.
            let healed = faults.healed.notified();
            let answer = done(request, service).await?;
            healed.await;
            Ok(answer)
        }
    }
}

async fn done(request: Request<Incoming>, service: &S3Service) -> Result<Answer, AnyError> {
    let answer = service.call(request.map(s3s::Body::from)).await.map_err(|error| format!("{error:?}"))?;
    Ok(answer.map(BodyExt::boxed_unsync))
}

/// There is no such object. The answer to a HEAD has no body.
fn not_found() -> Result<Answer, AnyError> {
    let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
    Ok(Response::builder().status(StatusCode::NOT_FOUND).body(body)?)
}

async fn refused(request: Request<Incoming>, status: StatusCode, code: &str) -> Result<Answer, AnyError> {
    // Read first: a client that is still writing would see a broken pipe before it sees the answer.
    read_at_least(request.into_body(), usize::MAX).await?;
    let text =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>as planned</Message></Error>");
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed_unsync();
    Ok(Response::builder().status(status).header("content-type", "application/xml").body(body)?)
}

async fn read_at_least(mut body: Incoming, bytes: usize) -> Result<(), AnyError> {
    let mut read = 0;
    while read < bytes
        && let Some(frame) = body.frame().await
    {
        read += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(())
}

/// A body that fails when it should go on.
struct CutBody {
    body: UnsyncBoxBody<Bytes, AnyError>,
    left: usize,
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = AnyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnyError>>> {
        if self.left == 0 {
            return Poll::Ready(Some(Err("cut in the answer".into())));
        }
        let left = self.left;
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        let frame =
            frame.map(|frame| frame.map(|frame| frame.map_data(|data| data.slice(..left.min(data.len())))));
        if let Some(Ok(frame)) = &frame {
            self.left -= frame.data_ref().map_or(0, Bytes::len);
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
