//! Asks the endpoint for TLS 1.1, which this program's own TLS cannot speak: the first message is
//! written by hand, and the first bytes of the answer tell.
//!
//! TLS 1.1 is RFC 4346, <https://www.rfc-editor.org/rfc/rfc4346#section-6.2.1> (its version, the
//! types of its records). Its hello has the form that RFC 5246 gives,
//! <https://www.rfc-editor.org/rfc/rfc5246#section-7.4.1.2>; the curves' extensions are those of
//! RFC 4492, <https://www.rfc-editor.org/rfc/rfc4492#section-5.1>; the suites are OpenSSL's
//! (`openssl ciphers -V`). Stored copies were read, of RFC 5246 2026-11-27, of the others
//! 2026-11-28. The number of the extension for the server's name is not confirmed by RFC 6066
//! itself, only by programs that quote it: see the step `tls_from_1_2` on a server that speaks
//! TLS 1.1.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::doctor::finding::Finding;
use crate::doctor::steps::Step;

const TIMEOUT: Duration = Duration::from_secs(5);
const TLS_1_1: [u8; 2] = [3, 2];
/// With forward secrecy and without, as every server of those days had them.
const CIPHERS: [[u8; 2]; 6] = [
    [0xC0, 0x13],
    [0xC0, 0x14],
    [0xC0, 0x09],
    [0xC0, 0x0A],
    [0x00, 0x2F],
    [0x00, 0x35],
];
const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const SERVER_HELLO: u8 = 2;

/// The finding for an endpoint.
pub(super) fn finding(step: &Step, endpoint: &str) -> Finding {
    let uri: Option<hyper::Uri> = endpoint.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host());
    let Some(host) = host.filter(|_| endpoint.starts_with("https://")) else {
        return Finding::unknown(step, "the endpoint is plain HTTP");
    };
    let port = uri.as_ref().and_then(|uri| uri.port_u16()).unwrap_or(443);
    judged(step, &ask(host, port).map_err(|error| error.to_string()))
}

fn ask(host: &str, port: u16) -> io::Result<Vec<u8>> {
    let address = (host, port).to_socket_addrs()?.next();
    let address = address.ok_or_else(|| io::Error::other("the host has no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(&client_hello(host))?;
    let mut answer = [0; 6];
    let mut read = 0;
    while read < answer.len() {
        match stream.read(&mut answer[read..]) {
            Ok(0) => break,
            Ok(count) => read += count,
            // Closed without a word: refused as well.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer[..read].to_vec())
}

/// Judges the first bytes: type of the record, its version and length, type of the message.
fn judged(step: &Step, answer: &Result<Vec<u8>, String>) -> Finding {
    match answer.as_deref() {
        Err(why) => Finding::unknown(step, format!("TLS 1.1 could not be tried: {why}")),
        Ok([HANDSHAKE, _, _, _, _, SERVER_HELLO, ..]) => Finding::fail(
            step,
            "the endpoint speaks TLS 1.1: put an edge with a name of its own before the gateway \
             (edge_domain), whose oldest is 1.2",
        ),
        Ok([] | [ALERT, ..]) => Finding::pass(step, "TLS 1.1 is refused"),
        Ok(_) => Finding::unknown(step, "TLS 1.1 was tried and the answer is no TLS"),
    }
}

/// A list with its length in two bytes before it.
fn listed(items: &[u8]) -> Vec<u8> {
    let length = u16::try_from(items.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length, items].concat()
}

fn client_hello(host: &str) -> Vec<u8> {
    let name = [&[0], listed(host.as_bytes()).as_slice()].concat();
    let server_name = [&[0, 0], listed(&listed(&name)).as_slice()].concat();
    // The curves P-256 and P-384, points uncompressed.
    let curves = [&[0, 10], listed(&listed(&[0, 23, 0, 24])).as_slice()].concat();
    let points = vec![0, 11, 0, 2, 1, 0];
    let body = [
        &TLS_1_1[..],
        // A random number that need not be one: nothing is ever encrypted.
        &[0x50; 32],
        // No session.
        &[0],
        &listed(&CIPHERS.concat()),
        // No compression.
        &[1, 0],
        &listed(&[server_name, curves, points].concat()),
    ]
    .concat();
    // The length of a message has three bytes.
    let message = [&[1, 0], listed(&body).as_slice()].concat();
    [&[HANDSHAKE], &TLS_1_1[..], &listed(&message)].concat()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::doctor::finding::Outcome;
    use crate::doctor::steps::TLS_FROM_1_2;

    #[test]
    fn every_answer_has_a_finding() {
        for (answer, outcome) in [
            (Ok(vec![22, 3, 2, 0, 90, 2]), Outcome::Fail),
            (Ok(vec![21, 3, 2, 0, 2, 2]), Outcome::Pass),
            (Ok(vec![]), Outcome::Pass),
            (Ok(b"HTTP/1".to_vec()), Outcome::CouldNotTell),
            (Err("no route".to_owned()), Outcome::CouldNotTell),
        ] {
            assert_eq!(
                judged(&TLS_FROM_1_2, &answer).outcome,
                outcome,
                "{answer:?}"
            );
        }
        let plain = finding(&TLS_FROM_1_2, "http://localhost/webhook");
        assert_eq!(plain.outcome, Outcome::CouldNotTell);
    }

    #[test]
    fn the_hello_is_one_whole_record_of_tls_1_1() {
        let hello = client_hello("hooks.example.com");
        assert_eq!(hello[..3], [22, 3, 2]);
        let length = |at: usize| usize::from(hello[at]) << 8 | usize::from(hello[at + 1]);
        assert_eq!(length(3), hello.len() - 5);
        // Type and length of the message, then the version.
        assert_eq!((hello[5], hello[6]), (1, 0));
        assert_eq!(length(7), hello.len() - 9);
        assert_eq!(hello[9..11], [3, 2]);
        let text = String::from_utf8_lossy(&hello);
        assert!(text.contains("hooks.example.com"));
    }

    #[test]
    fn a_server_that_hangs_up_or_alerts_refuses() {
        for alert in [&[][..], &[21, 3, 2, 0, 2, 2, 70]] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut hello = [0; 64];
                stream.read_exact(&mut hello).unwrap();
                stream.write_all(alert).unwrap();
            });
            let found = finding(&TLS_FROM_1_2, &format!("https://127.0.0.1:{port}/webhook"));
            server.join().unwrap();
            assert_eq!(found.outcome, Outcome::Pass, "{found:?}");
        }
    }
}
