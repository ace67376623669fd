//! A server on this machine that writes down what it is sent and answers by a script.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) method: String,
    pub(super) target: String,
    /// Names in lower case, sorted.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Recorded {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// These bytes; the connection stays open.
    Bytes(Vec<u8>),
    /// These bytes and the end of the connection, which may come too early.
    ThenClose(Vec<u8>),
    /// Nothing, while the connection stays open.
    Silence,
}

impl Answer {
    /// A whole answer.
    pub(super) fn whole(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        Self::Bytes(bytes(status, headers, body, body.len()))
    }

    /// An answer that says it is longer than it is.
    pub(super) fn cut_off(status: u16, body: &str) -> Self {
        Self::ThenClose(bytes(status, &[], body, body.len() + 7))
    }
}

fn bytes(status: u16, headers: &[(&str, &str)], body: &str, length: usize) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body.as_bytes()].concat()
}

#[derive(Default)]
struct Seen {
    requests: Vec<Recorded>,
    connections: usize,
}

/// The server. The last answer of the script is given to every request beyond it.
pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    pub(super) fn start(script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        let script = Arc::new(script);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                shared.lock().unwrap().connections += 1;
                let (script, seen) = (Arc::clone(&script), Arc::clone(&shared));
                std::thread::spawn(move || serve(&stream, &script, &seen));
            }
        });
        Self { url, seen }
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.seen.lock().unwrap().requests.clone()
    }

    /// The connections so far.
    pub(super) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

fn serve(mut stream: &TcpStream, script: &[Answer], seen: &Mutex<Seen>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.requests.push(request);
            seen.requests.len()
        };
        let answer = script.get(number - 1).or(script.last()).unwrap();
        match answer {
            Answer::Bytes(bytes) => stream.write_all(bytes).unwrap(),
            Answer::ThenClose(bytes) => {
                stream.write_all(bytes).unwrap();
                return;
            }
            Answer::Silence => {}
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Recorded> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    headers.sort();
    let mut recorded = Recorded {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    let length = recorded.header("content-length").unwrap_or("0").parse();
    recorded.body.resize(length.unwrap(), 0);
    reader.read_exact(&mut recorded.body).ok()?;
    Some(recorded)
}
