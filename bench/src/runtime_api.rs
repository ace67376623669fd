//! Lambda's Runtime API, as a function sees it: it asks for the next event, answers, and asks again.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>, read 2026-11-26.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};

/// An event and who waits for its answer.
struct Invocation {
    event: Bytes,
    answered: oneshot::Sender<Answered>,
}

/// What became of an invocation.
#[derive(Debug)]
pub struct Answered {
    /// From the moment that the function took the event to its answer's last byte.
    pub took: Duration,
    /// Whether it answered, and not with an error.
    pub succeeded: bool,
    /// The answer.
    pub body: Bytes,
}

struct State {
    waiting: Mutex<mpsc::Receiver<Invocation>>,
    running: Mutex<Option<(Instant, oneshot::Sender<Answered>)>>,
    polled: mpsc::Sender<Instant>,
}

/// The side of Lambda.
pub struct RuntimeApi {
    /// `AWS_LAMBDA_RUNTIME_API`.
    pub address: SocketAddr,
    events: mpsc::Sender<Invocation>,
    polls: mpsc::Receiver<Instant>,
}

impl RuntimeApi {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (events, waiting) = mpsc::channel(1);
        // More polls than anybody looks at are not kept.
        let (polled, polls) = mpsc::channel(16);
        let state = Arc::new(State {
            waiting: Mutex::new(waiting),
            running: Mutex::default(),
            polled,
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let state = Arc::clone(&state);
                        async move { Ok::<_, Infallible>(state.serve(request).await) }
                    });
                    let io = TokioIo::new(stream);
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(io, service)
                        .await;
                });
            }
        });
        Ok(Self {
            address,
            events,
            polls,
        })
    }

    /// Waits for the function to ask for an event; `None` when it never will.
    pub async fn polled(&mut self) -> Option<Instant> {
        self.polls.recv().await
    }

    /// Hands the event to the function and waits for the answer; `None` when the function ended.
    pub async fn invoke(&self, event: Bytes) -> Option<Answered> {
        let (answered, answer) = oneshot::channel();
        self.events
            .send(Invocation { event, answered })
            .await
            .ok()?;
        answer.await.ok()
    }
}

impl State {
    async fn serve(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        if path.ends_with("/invocation/next") {
            // Nobody may be looking at polls any more.
            let _ = self.polled.try_send(Instant::now());
            let Some(invocation) = self.waiting.lock().await.recv().await else {
                // The driver ended: the function waits until it is ended, too.
                return std::future::pending().await;
            };
            *self.running.lock().await = Some((Instant::now(), invocation.answered));
            let deadline = jiff::Timestamp::now().as_millisecond() + 900_000;
            return Response::builder()
                .header(
                    "lambda-runtime-aws-request-id",
                    "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                )
                .header("lambda-runtime-deadline-ms", deadline.to_string())
                .header(
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:us-east-2:000000000000:function:bench",
                )
                .header(
                    "lambda-runtime-trace-id",
                    "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
                )
                .header("content-type", "application/json")
                .body(Full::new(invocation.event))
                .unwrap_or_default();
        }
        let body = match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Bytes::new(),
        };
        if let Some((began, answered)) = self.running.lock().await.take() {
            let answer = Answered {
                took: began.elapsed(),
                succeeded: path.ends_with("/response"),
                body,
            };
            // Whoever invoked may have gone.
            let _ = answered.send(answer);
        }
        let mut accepted = Response::new(Full::default());
        *accepted.status_mut() = hyper::StatusCode::ACCEPTED;
        accepted
    }
}
