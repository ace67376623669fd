//! Connections that are kept: one is opened in init, and a batch that needs more opens them once.
//!
//! A connection that a server closed while it was idle is found out when the next request is
//! written to it; hyper then hands the request back, and it goes to another connection. That is no
//! attempt, here as in the SDK's client: nothing was sent.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HeaderMap;
use hyper::rt::{Read, Write};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::config::Address;
use crate::retry::is_passing_status;
use crate::{Error, roots};

/// As the SDK's client keeps them.
/// Source: `hyper-util` 0.1, `client/legacy/client.rs`, `Builder::new`, read 2026-11-28.
const IDLE_MAX: Duration = Duration::from_secs(90);

const PASSING: Error = Error::Connection { passing: true };

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

type Sender = SendRequest<Full<Bytes>>;

struct Idle {
    tls: bool,
    authority: String,
    sender: Sender,
    since: Instant,
}

/// The connections that wait for a request.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Idle>>,
    tls: OnceLock<TlsConnector>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} idle)", self.idle().len())
    }
}

impl Pool {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection to `address` that was used last; those that ended or grew old are dropped.
    fn take(&self, address: &Address) -> Option<Sender> {
        let mut idle = self.idle();
        idle.retain(|it| !it.sender.is_closed() && it.since.elapsed() < IDLE_MAX);
        let fits = |it: &Idle| {
            it.tls == address.tls && it.authority == address.authority && it.sender.is_ready()
        };
        let at = idle.iter().rposition(fits)?;
        Some(idle.remove(at).sender)
    }

    fn put(&self, address: &Address, sender: Sender) {
        self.idle().push(Idle {
            tls: address.tls,
            authority: address.authority.clone(),
            sender,
            since: Instant::now(),
        });
    }

    /// Opens a connection and keeps it for the first call.
    ///
    /// # Errors
    /// [`Error::Connection`] when nobody is there.
    pub(crate) async fn open(&self, address: &Address, timeout: Duration) -> Result<(), Error> {
        let sender = self.connect(address, timeout).await?;
        self.put(address, sender);
        Ok(())
    }

    async fn connect(&self, address: &Address, timeout: Duration) -> Result<Sender, Error> {
        let connected = tokio::time::timeout(timeout, self.connect_at_last(address));
        connected.await.unwrap_or(Err(PASSING))
    }

    async fn connect_at_last(&self, address: &Address) -> Result<Sender, Error> {
        let (host, port) = address.host_and_port();
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(|_| PASSING)?;
        // Head and body are written together; nothing is gained by waiting for more.
        stream.set_nodelay(true).map_err(|_| PASSING)?;
        if !address.tls {
            return speak(TokioIo::new(stream)).await;
        }
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| Error::Unbuilt("the endpoint has no host name"))?;
        let connector = match self.tls.get() {
            Some(connector) => connector,
            None => {
                let made = TlsConnector::from(roots::tls(roots::store())?);
                self.tls.get_or_init(|| made)
            }
        };
        let encrypted = connector.connect(name, stream).await;
        speak(TokioIo::new(encrypted.map_err(|_| PASSING)?)).await
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// [`Error::Connection`], [`Error::CutOff`].
    pub(crate) async fn exchange(
        &self,
        address: &Address,
        mut request: Request<Full<Bytes>>,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        loop {
            let kept = self.take(address);
            let reused = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.connect(address, timeout).await?,
            };
            match sender.try_send_request(request).await {
                Ok(answer) => {
                    let answer = read(answer).await?;
                    // The next attempt shall meet another host than one that is in trouble.
                    if !is_passing_status(answer.status) {
                        self.put(address, sender);
                    }
                    return Ok(answer);
                }
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) if reused => request = unsent,
                    _ => return Err(failure(failed.error())),
                },
            }
        }
    }
}

/// Starts HTTP/1.1 on a connection.
async fn speak<T>(io: T) -> Result<Sender, Error>
where
    T: Read + Write + Send + Unpin + 'static,
{
    let (mut sender, connection) = handshake(io).await.map_err(|_| PASSING)?;
    // It ends when the sender is dropped, and whoever waits for its answer is told of its error.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    sender.ready().await.map_err(|_| PASSING)?;
    Ok(sender)
}

async fn read(answer: Response<Incoming>) -> Result<Answer, Error> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| Error::CutOff)?;
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.to_bytes(),
    })
}

/// A connection that ended is worth another; a server that speaks something else than HTTP stays
/// so.
fn failure(error: &hyper::Error) -> Error {
    Error::Connection {
        passing: !(error.is_parse() || error.is_user()),
    }
}
