//! Before anything is decoded: a request is looked at for who it is from, counted, and then answered on the threads of queries.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderValue;
use http_body::Frame;
use tokio::runtime::Handle;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::metrics::Metrics;
use crate::session::cluster::identity::{Identity, REFUSED, Refusal};

/// The request that brings a part of a plan, and stays open until its query has ended.
const PLAN: &str = "/worker.WorkerService/CoordinatorChannel";

/// What all requests share.
#[derive(Clone)]
pub struct Admission {
    identity: Arc<Identity>,
    metrics: Arc<Metrics>,
    stopping: Arc<AtomicBool>,
    /// The threads of queries: those of the network are free to answer whether the process is alive.
    queries: Handle,
}

impl Admission {
    /// Admits who has the same `identity`, as long as it is not `stopping`; answers on `queries`.
    pub fn new(identity: Arc<Identity>, metrics: Arc<Metrics>, stopping: Arc<AtomicBool>, queries: Handle) -> Self {
        Self { identity, metrics, stopping, queries }
    }

    fn refusal(&self, request: &http::Request<Body>) -> Option<Refusal> {
        let stopping = request.uri().path() == PLAN && self.stopping.load(Ordering::SeqCst);
        let ends = || Refusal { reason: "stopping", sentence: "it is being stopped and takes no new queries".to_owned() };
        self.identity.refusal(request.headers()).or_else(|| stopping.then(ends))
    }
}

impl<S> Layer<S> for Admission {
    type Service = Admitted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Admitted { admission: self.clone(), inner }
    }
}

/// A service behind the admission.
#[derive(Clone)]
pub struct Admitted<S> {
    admission: Admission,
    inner: S,
}

impl<S> Service<http::Request<Body>> for Admitted<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let metrics = Arc::clone(&self.admission.metrics);
        if let Some(refusal) = self.admission.refusal(&request) {
            metrics.refuse(refusal.reason);
            tracing::warn!(reason = refusal.reason, "a request was refused: {}", refusal.sentence);
            return Box::pin(async move { Ok(refused(&refusal)) });
        }
        if request.uri().path() == PLAN {
            metrics.plans.inc();
        }
        let active = Active::of(metrics);
        // The one that was asked whether it is ready is the one to be called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let answer = self.admission.queries.spawn(async move { inner.call(request).await });
        Box::pin(async move {
            match answer.await {
                Ok(response) => Ok(response?.map(|inner| Body::new(Counted { inner, active }))),
                Err(_) => Ok(Status::internal("the worker's task ended unexpectedly").into_http()),
            }
        })
    }
}

fn refused(refusal: &Refusal) -> http::Response<Body> {
    let mut response = Status::failed_precondition("refused").into_http();
    let encoded = percent_encoding::utf8_percent_encode(&refusal.sentence, percent_encoding::CONTROLS).to_string();
    if let Ok(value) = HeaderValue::from_str(&encoded) {
        response.headers_mut().insert(REFUSED, value);
    }
    response
}

/// A request that is being answered, until it is dropped.
struct Active(Arc<Metrics>);

impl Active {
    fn of(metrics: Arc<Metrics>) -> Self {
        metrics.active.inc();
        Self(metrics)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.dec();
    }
}

/// An answer whose bytes and end are counted.
struct Counted {
    inner: Body,
    active: Active,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            if let Some(data) = frame.data_ref() {
                self.active.0.sent.inc_by(data.len() as u64);
            } else if let Some(trailers) = frame.trailers_ref()
                && trailers.get("grpc-status").is_some_and(|status| status != "0")
            {
                self.active.0.failed.inc();
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}
