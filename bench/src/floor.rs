//! What no implementation gets below on this machine: the work that a webhook cannot do without, done
//! by the same libraries and nothing beside it.
//!
//! A virtual processor is not the same from hour to hour, so a time says little by itself. Its multiple
//! of the floor, which is measured in the same run, can be compared between machines and days.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use aws_lc_rs::{digest, hmac};
use pipeline::audit::ZSTD_LEVEL;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zstd::bulk::Compressor;

use crate::workload::Webhook;

/// As `pipeline::audit` compresses: so many lines in a frame.
const FRAME_LINES: usize = 64;
/// What is sent over loopback at a time: less than a socket's buffer, so that one thread can send it
/// and then receive it.
const BLOCK_BYTES: usize = 32 * 1_024;
/// Each part is timed in so many short runs, of which the median counts.
const RUNS: usize = 25;
const RUN: Duration = Duration::from_millis(4);

/// Microseconds of a webhook, part by part.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Floor {
    /// HMAC-SHA256 and SHA-256 of the body.
    pub hash_us: f64,
    /// One scan of the body's JSON, which keeps nothing.
    pub scan_us: f64,
    /// The line compressed, in frames of 64.
    pub zstd_us: f64,
    /// The JSON of the event's item written once.
    pub record_us: f64,
    /// The event received and the calls sent over loopback.
    pub loopback_us: f64,
}

/// Why there is no floor.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// A port, a socket or the compressor.
    #[error("the floor cannot be measured: {0}")]
    System(#[from] std::io::Error),
    /// There is nothing to measure it with.
    #[error("the floor cannot be measured without a webhook and without an item")]
    Nothing,
}

/// What the floor is measured with.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// Webhooks of the mix.
    pub webhooks: &'a [Webhook],
    /// Items that `webhook_processor` inserted.
    pub items: &'a [Value],
    /// Bytes of a webhook that are received as its part of the event, and sent in its calls.
    pub wire_bytes: f64,
}

/// Microseconds of `step`, the median of short runs.
fn timed(mut step: impl FnMut()) -> f64 {
    let mut each: Vec<f64> = (0..RUNS)
        .map(|_| {
            let (begun, mut times) = (Instant::now(), 0_u32);
            while begun.elapsed() < RUN {
                step();
                times += 1;
            }
            begun.elapsed().as_secs_f64() * 1e6 / f64::from(times)
        })
        .collect();
    each.sort_by(f64::total_cmp);
    each.get(RUNS / 2).copied().unwrap_or_default()
}

/// Both ends of a connection over loopback.
fn connection() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    near.set_nodelay(true)?;
    Ok((near, far))
}

impl Floor {
    /// Measures it on this machine, in about half a second.
    ///
    /// # Errors
    /// A [`FloorError`].
    pub fn measured(work: Work<'_>) -> Result<Self, FloorError> {
        let bodies: Vec<&[u8]> = work
            .webhooks
            .iter()
            .map(|webhook| webhook.request.body.as_slice())
            .collect();
        let is_event = |item: &&Value| item["record_type"]["S"] != "movement";
        let events: Vec<&Value> = work
            .items
            .iter()
            .filter(is_event)
            .take(FRAME_LINES)
            .collect();
        if bodies.is_empty() || events.is_empty() {
            return Err(FloorError::Nothing);
        }
        let of_all = bodies.len() as f64;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let hash_us = timed(|| {
            for body in &bodies {
                black_box(hmac::sign(&key, black_box(body)));
                black_box(digest::digest(&digest::SHA256, black_box(body)));
            }
        });
        let scan_us = timed(|| {
            for body in &bodies {
                // A body that is no JSON ends the scan where it stops being it.
                let _ = black_box(serde_json::from_slice::<IgnoredAny>(black_box(body)));
            }
        });
        let mut record = Vec::with_capacity(BLOCK_BYTES);
        let record_us = timed(|| {
            for item in &events {
                record.clear();
                // Into memory it cannot fail.
                let _ = serde_json::to_writer(&mut record, black_box(item));
                black_box(&record);
            }
        });
        Ok(Self {
            hash_us: hash_us / of_all,
            scan_us: scan_us / of_all,
            zstd_us: compressed(&bodies)?,
            record_us: record_us / events.len() as f64,
            loopback_us: over_loopback(work.wire_bytes)?,
        })
    }

    /// Microseconds of a webhook, all parts.
    pub fn us(&self) -> f64 {
        self.hash_us + self.scan_us + self.zstd_us + self.record_us + self.loopback_us
    }

    /// So many microseconds of a webhook as a multiple of the floor.
    pub fn multiple(&self, us: f64) -> f64 {
        us / self.us()
    }
}

/// Microseconds of a line, in frames of 64 and by a compressor that is kept.
fn compressed(bodies: &[&[u8]]) -> Result<f64, FloorError> {
    let lines: Vec<&[u8]> = bodies.iter().cycle().take(FRAME_LINES).copied().collect();
    let text = lines.join(&b'\n');
    let mut compressor = Compressor::new(ZSTD_LEVEL)?;
    let mut frame = vec![0; zstd::zstd_safe::compress_bound(text.len())];
    compressor.compress_to_buffer(&text, &mut frame)?;
    let us = timed(|| {
        // It fitted once.
        let _ = black_box(compressor.compress_to_buffer(black_box(&text), &mut frame));
    });
    Ok(us / FRAME_LINES as f64)
}

/// Microseconds to move so many bytes through one side of a connection. One thread sends a block and
/// receives it at the other end, which is the work of two sides.
fn over_loopback(bytes: f64) -> Result<f64, FloorError> {
    let (mut near, mut far) = connection()?;
    let (sent, mut received) = (vec![7_u8; BLOCK_BYTES], vec![0_u8; BLOCK_BYTES]);
    let mut failed = None;
    let us = timed(|| {
        let moved = near
            .write_all(&sent)
            .and_then(|()| far.read_exact(&mut received));
        if let Err(error) = moved {
            failed = Some(error);
        }
    });
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(us / 2.0 / BLOCK_BYTES as f64 * bytes),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::webhooks;

    #[test]
    fn every_part_takes_time_and_a_multiple_is_of_all_of_them() {
        let webhooks = webhooks(1, 21, 1_024);
        let items = [
            json!({"record_type": {"S": "movement"}}),
            json!({"record_type": {"S": "event"}, "provider": {"S": "stripe"}}),
        ];
        let work = Work {
            webhooks: &webhooks,
            items: &items,
            wire_bytes: 4_096.0,
        };
        let floor = Floor::measured(work).unwrap();
        let Floor {
            hash_us,
            scan_us,
            zstd_us,
            record_us,
            loopback_us,
        } = floor;
        for part in [hash_us, scan_us, zstd_us, record_us, loopback_us] {
            assert!(part > 0.0 && part < floor.us());
        }
        let all = hash_us + scan_us + zstd_us + record_us + loopback_us;
        assert!((floor.us() - all).abs() < 1e-9);
        assert!((floor.multiple(all * 2.5) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn without_a_webhook_or_an_item_there_is_no_floor() {
        let webhooks = webhooks(1, 1, 1_024);
        let movement = [json!({"record_type": {"S": "movement"}})];
        for (webhooks, items) in [(&webhooks[..0], &movement[..]), (&webhooks, &movement)] {
            let work = Work {
                webhooks,
                items,
                wire_bytes: 1.0,
            };
            let refused = Floor::measured(work);
            assert!(matches!(refused, Err(FloorError::Nothing)));
        }
    }
}
