//! The items of one day, each made from its number alone, so that none has to be kept.
//!
//! Ids are random texts as long as the providers' own: how small a part becomes depends on them more than on anything else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use payment_event::TransactionKey;
use pipeline::audit::ZSTD_LEVEL;
use pipeline::stored::{StoredMoney, StoredTransaction};

/// The day of receipt of all of them.
pub(crate) const DAY: Date = date(2026, 1, 8);

/// Its first millisecond.
const DAY_START_MS: i64 = 1_767_830_400_000;

/// Events are spread over the day less ten seconds, in which the last ones are received.
const SPREAD_MS: u64 = 86_400_000 - 10_000;

/// Items at most: no two events are of one millisecond, so that a sort key tells the number.
pub(crate) const ITEMS_MAX: u32 = 80_000_000;

/// Messages of one batch of the webhook queue: they share an audit object.
const BATCH_MESSAGES: u64 = 500;

/// What one provider's events look like.
struct Kind {
    provider: &'static str,
    event_type: &'static str,
    status: &'static str,
    /// Currency and decimal places; none for an event without an amount.
    money: Option<(&'static str, u8)>,
    account: Option<&'static str>,
    /// The roles of the related ids.
    related: &'static [&'static str],
}

const KINDS: [Kind; 6] = [
    Kind {
        provider: "stripe",
        event_type: "payment_intent.succeeded",
        status: "captured",
        money: Some(("USD", 2)),
        account: Some("acct_1QdShopOfTheBench"),
        related: &["payment_intent", "charge"],
    },
    Kind {
        provider: "stripe",
        event_type: "charge.succeeded",
        status: "captured",
        money: Some(("JPY", 0)),
        account: None,
        related: &["charge", "payment_intent"],
    },
    Kind {
        provider: "adyen",
        event_type: "AUTHORISATION",
        status: "authorised",
        money: Some(("EUR", 2)),
        account: Some("BenchShopECOM"),
        related: &["psp_reference"],
    },
    Kind {
        provider: "square",
        event_type: "refund.updated",
        status: "refunded",
        money: Some(("EUR", 2)),
        account: Some("6SSW7HV8K2ST5"),
        related: &["payment", "refund"],
    },
    Kind {
        provider: "standardwebhooks",
        event_type: "payment.captured",
        status: "captured",
        money: Some(("KWD", 3)),
        account: Some("mrc_1"),
        related: &["payment"],
    },
    Kind {
        provider: "stripe",
        event_type: "customer.created",
        status: "notice",
        money: None,
        account: None,
        related: &[],
    },
];

/// Some number that looks random, always the same one for a number and a purpose.
/// Source: <https://prng.di.unimi.it/splitmix64.c>, read 2026-11-25.
fn random(number: u64, purpose: u64) -> u64 {
    let mut mixed = (number ^ purpose << 48).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// An id of 24 letters and digits.
fn id(prefix: &str, number: u64, purpose: u64) -> String {
    const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01";
    let mut id = prefix.to_owned();
    for part in 0..3 {
        let bits = random(number, purpose * 3 + part);
        id.extend((0..8).map(|place| char::from(LETTERS[(bits >> (place * 6) & 63) as usize])));
    }
    id
}

/// In the form of a UUID.
fn uuid(number: u64, purpose: u64) -> String {
    let (high, low) = (random(number, purpose), random(number, purpose + 1));
    let hex = format!("{high:016x}{low:016x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

fn time(ms: i64) -> Timestamp {
    // Within a day of this century: never out of range.
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN)
}

/// A day with so many items.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items {
    pub(crate) count: u32,
}

impl Items {
    /// The payment of an item.
    fn transaction_id(number: u32) -> String {
        let number = u64::from(number);
        let kind = Self::kind(number);
        format!("{}:{}", kind.provider, id("pi_", number, 1))
    }

    fn kind(number: u64) -> &'static Kind {
        &KINDS[(random(number, 0) % KINDS.len() as u64) as usize]
    }

    /// The keys of the audit objects, in the order of their items.
    pub(crate) fn objects(self) -> impl Iterator<Item = String> {
        let batches = u64::from(self.count).div_ceil(BATCH_MESSAGES);
        (0..batches).map(move |batch| self.object_key(batch))
    }

    /// The key of the audit object of a batch, in the folder of the hour of its first item.
    fn object_key(self, batch: u64) -> String {
        let hour = self.after_ms(batch * BATCH_MESSAGES) / 3_600_000;
        format!("audit/dt={DAY}/hh={hour:02}/{}.jsonl.zst", uuid(batch, 80))
    }

    /// The audit object of a batch: a line an item, as long as a webhook's is, of which nothing but
    /// the keys matters here.
    ///
    /// # Errors
    /// When it cannot be compressed.
    pub(crate) fn object(self, batch: u64) -> std::io::Result<Vec<u8>> {
        let last = ((batch + 1) * BATCH_MESSAGES).min(u64::from(self.count));
        let mut text = String::new();
        for number in batch * BATCH_MESSAGES..last {
            let record = self.record(u32::try_from(number).unwrap_or(u32::MAX));
            let line = serde_json::json!({
                "message_id": record.message_id,
                "received_at": format!("{:.3}", record.received_at),
                "processed_attempt": 1,
                "provider": record.provider,
                "body_sha256": format!("{}{}", uuid(number, 94), uuid(number, 96)),
                "body_bytes": 900,
                "verdict": "stored",
                "keys": [record.key],
                "events": [{
                    "provider": record.provider,
                    "event_id": record.event_id,
                    "event_type": record.event_type,
                    "status": record.status,
                    "transaction_id": record.key.transaction_id,
                    "related_ids": record.related_ids,
                }],
                "payload": {"id": record.event_id, "object": "event", "data": "x".repeat(700)},
            });
            text.push_str(&line.to_string());
            text.push('\n');
        }
        zstd::bulk::compress(text.as_bytes(), ZSTD_LEVEL)
    }

    /// When an item's event happened, in milliseconds after the day began.
    fn after_ms(self, number: u64) -> u64 {
        number * SPREAD_MS / u64::from(self.count)
    }

    /// The item with this number, from 0. A higher number has a later event time.
    pub(crate) fn record(self, number: u32) -> StoredTransaction {
        let n = u64::from(number);
        let kind = Self::kind(n);
        let after_ms = self.after_ms(n);
        let event_ms = DAY_START_MS + after_ms.cast_signed();
        let event_time = time(event_ms);
        let received_ms = event_ms + 150 + (random(n, 90) % 9_000).cast_signed();
        let transaction_id = Self::transaction_id(number);
        let event_id = id("evt_", n, 2);
        let minor = (random(n, 91) % 250_000).cast_signed();
        let related = (0..).zip(kind.related);
        let related = related.map(|(place, role)| ((*role).to_owned(), id("rl_", n, 4 + place)));
        let (batch, line) = (n / BATCH_MESSAGES, n % BATCH_MESSAGES);
        StoredTransaction {
            key: TransactionKey {
                transaction_id,
                timestamp: format!("{event_time:.9}#{event_id}"),
            },
            provider: kind.provider.to_owned(),
            event_id,
            event_type: kind.event_type.to_owned(),
            status: kind.status.to_owned(),
            money: kind.money.map(|(currency, exponent)| StoredMoney {
                minor,
                currency: currency.to_owned(),
                exponent,
                text: minor.to_string(),
                exponent_source: "provider_table".to_owned(),
            }),
            merchant_account: kind.account.map(str::to_owned),
            related_ids: related.collect::<BTreeMap<_, _>>(),
            problems: Vec::new(),
            event_time: Some(event_time),
            received_at: time(received_ms),
            message_id: uuid(n, 70),
            audit_key: self.object_key(batch),
            audit_offset: line * 640 + random(n, 92) % 128,
            audit_length: 512 + random(n, 93) % 256,
            expires_at: received_ms / 1000 + 104 * 86_400,
            tells: Vec::new(),
            fetched: None,
            movement: None,
        }
    }

    /// The number of the item with this sort key.
    pub(crate) fn number(self, sort_key: &str) -> Option<u32> {
        let time: Timestamp = sort_key.split('#').next()?.parse().ok()?;
        let after_ms = u64::try_from(time.as_millisecond() - DAY_START_MS).ok()?;
        let number = (after_ms * u64::from(self.count)).div_ceil(SPREAD_MS);
        u32::try_from(number).ok().filter(|n| *n < self.count)
    }
}
