//! An HTTP endpoint of a few lines, and a way to run `payhook`.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use provider_webhooks::{ProviderInfo, Secrets, providers, sample_secrets};
use serde_json::{Value, json};

pub const KEY: &str = "api-key-of-the-test";
pub const URL: &str = "https://hooks.example.com/webhook/square";

pub fn secret(provider: &str) -> String {
    secrets(provider).keys()[0].clone()
}

/// What everything here is signed and judged with.
pub fn secrets(provider: &str) -> Secrets {
    sample_secrets(providers::by_name(provider).unwrap().info(), 1)
}

pub fn secrets_file(name: &str) -> String {
    let value = |info: &'static ProviderInfo| {
        let secrets = sample_secrets(info, 1);
        let mut value = json!({"keys": secrets.keys()});
        for setting in info.settings {
            value[setting.name] = json!(secrets.setting(setting.name));
        }
        (info.name, value)
    };
    let values: BTreeMap<&str, Value> = providers::ALL.iter().map(|p| value(p.info())).collect();
    file(name, json!(values).to_string().as_bytes())
}

pub fn send(endpoint: &str, more: &[&str]) -> Output {
    let mut arguments = vec!["send", "--endpoint", endpoint, "--api-key", KEY];
    arguments.extend(more);
    payhook(&arguments, b"")
}

/// A request as it came in. Header names are lower-case.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The how-manieth connection it came over.
    pub connection: usize,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Answers every request by its number; lives until the test process ends.
pub struct Endpoint {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Endpoint {
    /// `answer` says the status line's code for the n-th request; 0 closes the connection without an answer.
    pub fn start(answer: fn(usize) -> u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/webhook", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&received);
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(connection, stream.unwrap(), &shared, answer));
            }
        });
        Self { url, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(
    connection: usize,
    mut stream: TcpStream,
    received: &Mutex<Vec<Received>>,
    answer: fn(usize) -> u16,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                text => lines.push(text.to_owned()),
            }
        }
        let headers: Vec<(String, String)> = lines[1..]
            .iter()
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        assert!(lines[0].starts_with("POST "), "{}", lines[0]);
        let mut request = Received {
            path: lines[0].split(' ').nth(1).unwrap().to_owned(),
            headers,
            body: Vec::new(),
            connection,
        };
        let length = request.header("content-length").unwrap().parse().unwrap();
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body).unwrap();
        let number = {
            let mut all = received.lock().unwrap();
            all.push(request);
            all.len() - 1
        };
        let status = answer(number);
        if status == 0 {
            return;
        }
        let text = "{\"accepted\":true}";
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        );
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Runs `payhook` with `input` on its standard input.
pub fn payhook(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_payhook"))
        .args(arguments)
        .env_remove("PAYHOOK_API_KEY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that reads no input closes it: not being able to write is fine.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// A file in the folder that Cargo keeps for this crate's tests.
pub fn file(name: &str, text: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
