//! Counts what was sent and what came back, and says what to do when that was not a 2xx.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::plan::Kind;

/// The answers so far.
pub(super) struct Tally {
    by_provider: BTreeMap<&'static str, Counts>,
    answers: Answers,
    /// Microseconds from the time that a request was due: what waits for its turn because answers are slow counts as slow itself.
    latencies: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            by_provider: BTreeMap::new(),
            answers: Answers::default(),
            // Three digits are a legal precision; the range grows with what is recorded.
            #[allow(clippy::unwrap_used)]
            latencies: Histogram::new(3).unwrap(),
        }
    }
}

/// Answers by status.
#[derive(Default)]
pub(super) struct Answers {
    sent: u64,
    accepted: u64,
    statuses: BTreeMap<String, u64>,
    /// The first request that got no answer, in the system's words.
    first_failure: Option<String>,
}

#[derive(Default, Serialize)]
struct Counts {
    sent: u64,
    accepted: u64,
    genuine: u64,
    forged: u64,
    duplicates: u64,
    planted_pan: u64,
    stale: u64,
}

#[derive(Serialize)]
struct Latency {
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

#[derive(Serialize)]
struct Json<'t> {
    sent: u64,
    accepted: u64,
    by_provider: &'t BTreeMap<&'static str, Counts>,
    statuses: &'t BTreeMap<String, u64>,
    elapsed_ms: u64,
    latency_us: Latency,
}

impl Answers {
    /// Counts one; says whether it was a 2xx.
    pub(super) fn add(&mut self, outcome: Result<u16, String>) -> bool {
        self.sent += 1;
        let status = match outcome {
            Ok(status) => {
                *self.statuses.entry(status.to_string()).or_default() += 1;
                status
            }
            Err(failure) => {
                *self.statuses.entry("error".to_owned()).or_default() += 1;
                self.first_failure.get_or_insert(failure);
                0
            }
        };
        let accepted = (200..300).contains(&status);
        self.accepted += u64::from(accepted);
        accepted
    }

    /// What was not a 2xx and what to do about it; `None` when every answer was one.
    pub(super) fn complaint(&self) -> Option<String> {
        if self.accepted == self.sent {
            return None;
        }
        let refused: Vec<String> = self
            .statuses
            .iter()
            .filter(|(status, _)| !status.starts_with('2'))
            .map(|(status, count)| format!("{count} × {status}: {}", self.advice(status)))
            .collect();
        Some(format!(
            "{} of {} were not answered with 2xx\n  {}",
            self.sent - self.accepted,
            self.sent,
            refused.join("\n  ")
        ))
    }

    fn advice(&self, status: &str) -> String {
        let text = match status {
            "error" => return failure_advice(self.first_failure.as_deref().unwrap_or_default()),
            "403" => "check the API key, and that --endpoint is the stage's URL with /webhook",
            "404" => "check --endpoint, and that the provider is deployed",
            "413" => "the body is larger than the endpoint takes",
            "415" => "check --content-type",
            "429" => "the endpoint is throttling: lower --rate (or --concurrency)",
            s if s.starts_with('5') => "the endpoint failed: read its logs, then send again",
            s if s.starts_with('3') => "redirects are not followed: give the final URL",
            _ => "the endpoint refuses the request: check --endpoint and the body",
        };
        text.to_owned()
    }
}

fn failure_advice(failure: &str) -> String {
    let advice = if failure.contains("refused") {
        "is the endpoint up?"
    } else if failure.contains("dns") || failure.contains("lookup") {
        "is the host of --endpoint right?"
    } else if failure.contains("ertificate") {
        "is the endpoint's certificate trusted here? SSL_CERT_FILE names further ones"
    } else {
        "check the network and --endpoint, or lower --rate or --concurrency"
    };
    format!("{advice} (first: {failure})")
}

impl Tally {
    /// A tally that knows the chosen providers, so that one nothing was sent to is in it too.
    pub(super) fn new(providers: impl Iterator<Item = &'static str>) -> Self {
        Self {
            by_provider: providers.map(|name| (name, Counts::default())).collect(),
            ..Self::default()
        }
    }

    /// Counts one webhook and its answer.
    pub(super) fn add(
        &mut self,
        provider: &'static str,
        kind: Kind,
        planted_pan: bool,
        outcome: Result<u16, String>,
        took: Duration,
    ) {
        if outcome.is_ok() {
            // A histogram that grows by itself takes every number.
            let _ = self.latencies.record(whole(took.as_micros()));
        }
        let counts = self.by_provider.entry(provider).or_default();
        counts.sent += 1;
        counts.accepted += u64::from(self.answers.add(outcome));
        match kind {
            Kind::Genuine => {
                counts.genuine += 1;
                counts.planted_pan += u64::from(planted_pan);
            }
            Kind::Forged => counts.forged += 1,
            Kind::Duplicate => counts.duplicates += 1,
            Kind::Stale => counts.stale += 1,
        }
    }

    /// See [`Answers::complaint`].
    pub(super) fn complaint(&self) -> Option<String> {
        self.answers.complaint()
    }

    fn latency(&self) -> Latency {
        let at = |quantile| self.latencies.value_at_quantile(quantile);
        Latency {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: self.latencies.max(),
        }
    }

    /// Prints the summary: a table to read, or one JSON object.
    pub(super) fn print(
        &self,
        json: bool,
        elapsed: Duration,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let latency = self.latency();
        let elapsed_ms = whole(elapsed.as_millis());
        if json {
            let summary = Json {
                sent: self.answers.sent,
                accepted: self.answers.accepted,
                by_provider: &self.by_provider,
                statuses: &self.answers.statuses,
                elapsed_ms,
                latency_us: latency,
            };
            serde_json::to_writer(&mut *output, &summary)?;
            return writeln!(output);
        }
        let heading = [
            "sent", "accepted", "genuine", "forged", "repeated", "stale", "with PAN",
        ];
        let row = |name: &str, cells: [String; 7]| {
            let cells = cells.map(|cell| format!("{cell:>9}")).concat();
            format!("{name:18}{cells}")
        };
        writeln!(output, "{}", row("provider", heading.map(str::to_owned)))?;
        for (name, c) in &self.by_provider {
            let cells = [
                c.sent,
                c.accepted,
                c.genuine,
                c.forged,
                c.duplicates,
                c.stale,
                c.planted_pan,
            ];
            writeln!(output, "{}", row(name, cells.map(|n| n.to_string())))?;
        }
        let statuses: Vec<String> = self
            .answers
            .statuses
            .iter()
            .map(|(status, count)| format!("{count} × {status}"))
            .collect();
        writeln!(
            output,
            "{} sent in {elapsed_ms} ms, {} accepted; answers: {}",
            self.answers.sent,
            self.answers.accepted,
            if statuses.is_empty() {
                "none".to_owned()
            } else {
                statuses.join(", ")
            }
        )?;
        let Latency {
            p50,
            p90,
            p99,
            p999,
            max,
        } = latency;
        writeln!(
            output,
            "latency in microseconds: 50 % {p50}, 90 % {p90}, 99 % {p99}, 99.9 % {p999}, longest {max}"
        )
    }
}

fn whole(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_says_what_to_do() {
        for (outcome, advice) in [
            (Ok(301), "give the final URL"),
            (Ok(400), "check --endpoint and the body"),
            (Ok(403), "check the API key"),
            (Ok(404), "is deployed"),
            (Ok(413), "larger"),
            (Ok(415), "--content-type"),
            (Ok(429), "lower --rate"),
            (Ok(503), "read its logs"),
            (
                Err("tcp: Connection refused (os error 111)"),
                "is the endpoint up?",
            ),
            (Err("dns error: lookup failed"), "is the host"),
            (Err("invalid peer certificate"), "SSL_CERT_FILE"),
            (Err("reset"), "check the network"),
        ] {
            let mut answers = Answers::default();
            assert!(answers.add(Ok(200)));
            assert_eq!(answers.complaint(), None);
            assert!(!answers.add(outcome.map_err(str::to_owned)));
            let complaint = answers.complaint().unwrap();
            assert!(complaint.starts_with("1 of 2 were not"), "{complaint}");
            assert!(complaint.contains(advice), "{complaint}");
        }
    }

    #[test]
    fn percentiles_are_of_answers_only() {
        let mut tally = Tally::new(["stripe"].into_iter());
        for n in 1..=200 {
            tally.add(
                "stripe",
                Kind::Genuine,
                false,
                Ok(200),
                Duration::from_micros(n),
            );
        }
        let failed = Err("reset".to_owned());
        tally.add("stripe", Kind::Stale, false, failed, Duration::from_secs(9));
        let latency = tally.latency();
        assert_eq!((latency.p50, latency.p99, latency.max), (100, 198, 200));
        assert_eq!(Tally::default().latency().max, 0);
        let mut output = Vec::new();
        Tally::default()
            .print(false, Duration::ZERO, &mut output)
            .unwrap();
        assert!(
            String::from_utf8(output)
                .unwrap()
                .contains("0 sent in 0 ms")
        );
    }
}
