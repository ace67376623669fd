//! A movement as an item of the transactions table.
//!
//! Invariant: an item only rises. What it says is the join of every telling that was ever written to it, so tellings may come in
//! any order and again. Each change of what it adds to the sums is noted in the item itself with the time of receipt of the webhook that
//! brought it, so that a day can be counted again without the stream.

use std::collections::BTreeSet;

use jiff::Timestamp;
use payment_event::{
    Amount, CurrencyCode, ExponentSource, Identifier, MOVEMENT, MinorUnits, Movement, MovementKind,
    MovementState, Problem, Stage, Tells, Told, TransactionKey,
};

use super::{StoredError, StoredMoney, StoredTransaction, Taken};
use crate::aggregate::Adds;
use crate::plan::{MOVEMENT_TABLE_DAYS, expires_at, instant};
use crate::storage::{Attribute, TransactionRecord};

/// What a movement's item has beside the attributes of the event that changed it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMovement {
    /// The kind: `capture`, `refund` and so on.
    pub kind: String,
    /// The provider's id of the object that moves.
    pub id: String,
    /// How far it is.
    pub state: String,
    /// The state's rank.
    pub rank: i64,
    /// What the amount says; there when an amount is.
    pub tells: Option<String>,
    /// The rank of the stage that told the amount.
    pub amount_rank: Option<i64>,
    /// When the event happened that told the amount, by the provider's clock.
    pub amount_at: Option<Timestamp>,
    /// Changes of the item, from 1.
    pub version: u64,
    /// What it adds to the sums, each time that changed: `{receipt} {currency}.{exponent} {minor units}`, `{receipt} - 0` where it counts
    /// and no amount was told, `{receipt} none` where it counts no more.
    pub changes: Vec<String>,
}

/// What a movement adds; `None` when nothing moved.
fn adds(movement: &Movement) -> Option<Adds> {
    movement.counts().then(|| match movement.amount() {
        None => Adds::Untold,
        Some(amount) => Adds::Money(amount.currency, amount.exponent, amount.minor),
    })
}

fn change(received_at: Timestamp, adds: Option<Adds>) -> String {
    let what = match adds {
        None => "none".to_owned(),
        Some(Adds::Untold) => "- 0".to_owned(),
        Some(Adds::Money(currency, exponent, minor)) => {
            format!("{}.{exponent} {}", currency.as_str(), minor.0)
        }
    };
    format!("{received_at:.3} {what}")
}

impl StoredMovement {
    pub(super) fn taken(item: &mut Taken) -> Result<Self, StoredError> {
        Ok(Self {
            kind: item.text("movement_kind")?,
            id: item.text("movement_id")?,
            state: item.text("movement_state")?,
            rank: item.number("movement_rank")?,
            tells: item.maybe_text("amount_tells")?,
            amount_rank: item.maybe_number("amount_rank")?,
            amount_at: item.maybe_time("amount_at")?,
            version: item.number("version")?,
            changes: item.texts("changes")?,
        })
    }

    pub(super) fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let text = |value: &str| Attribute::Text(value.to_owned());
        let number = |value: &dyn std::fmt::Display| Attribute::Number(value.to_string());
        let mut attributes = vec![
            ("movement_kind", text(&self.kind)),
            ("movement_id", text(&self.id)),
            ("movement_state", text(&self.state)),
            ("movement_rank", number(&self.rank)),
            ("version", number(&self.version)),
            ("changes", Attribute::List(self.changes.clone())),
        ];
        attributes.extend(
            self.tells
                .as_deref()
                .map(|tells| ("amount_tells", text(tells))),
        );
        attributes.extend(self.amount_rank.map(|rank| ("amount_rank", number(&rank))));
        let at = self.amount_at.map(|at| format!("{at:.9}"));
        attributes.extend(at.map(|at| ("amount_at", Attribute::Text(at))));
        attributes
    }

    /// The sort key of its item.
    pub fn sort_key(&self) -> String {
        [MOVEMENT, "#", &self.kind, "#", &self.id].concat()
    }
}

/// The value of `all` with this text.
fn known<T: Copy>(
    all: &[T],
    text: impl Fn(T) -> &'static str,
    wanted: &str,
    name: &'static str,
) -> Result<T, StoredError> {
    let mut found = all.iter().copied().filter(|it| text(*it) == wanted);
    found.next().ok_or(StoredError::Attribute(name))
}

fn amount(money: &StoredMoney) -> Result<Amount, StoredError> {
    let sources = [
        ("provider_table", ExponentSource::ProviderTable),
        ("iso_default", ExponentSource::IsoDefault),
        ("no_iso_currency", ExponentSource::NoIsoCurrency),
    ];
    let source = sources
        .iter()
        .find(|(text, _)| *text == money.exponent_source);
    Ok(Amount {
        minor: MinorUnits(money.minor),
        currency: CurrencyCode::parse(&money.currency)
            .map_err(|_| StoredError::Attribute("currency"))?,
        exponent: money.exponent,
        exponent_source: source.ok_or(StoredError::Attribute("exponent_source"))?.1,
        text: money.text.clone(),
    })
}

impl StoredTransaction {
    /// The item of a movement that an event tells, as if nothing else had told it.
    pub fn of_movement(record: &TransactionRecord, movement: &Movement) -> Self {
        let event = &record.event;
        let payment = movement.payment.as_str();
        let received_at = instant(record.received_at_ms);
        let told = movement.money.as_ref();
        let stored = StoredMovement {
            kind: movement.kind.as_str().to_owned(),
            id: movement.id.as_str().to_owned(),
            state: movement.stage.state.as_str().to_owned(),
            rank: movement.stage.rank,
            tells: told.map(|told| told.tells.as_str().to_owned()),
            amount_rank: told.map(|told| told.rank),
            amount_at: told.and_then(|told| told.at),
            version: 1,
            changes: adds(movement)
                .map(|added| change(received_at, Some(added)))
                .into_iter()
                .collect(),
        };
        Self {
            key: TransactionKey {
                timestamp: stored.sort_key(),
                transaction_id: [&event.provider, ":", payment].concat(),
            },
            provider: event.provider.clone(),
            event_id: event.event_id.as_str().to_owned(),
            event_type: event.event_type.clone(),
            status: event.status.as_str().to_owned(),
            money: told.map(|told| StoredMoney::from(&told.amount)),
            // What the event says of itself is in its own record.
            merchant_account: None,
            related_ids: std::collections::BTreeMap::new(),
            event_time: None,
            fetched: record.fetched.clone(),
            tells: Vec::new(),
            problems: texts(&movement.problems),
            received_at,
            message_id: record.message_id.clone(),
            audit_key: record.audit.key.to_string(),
            audit_offset: record.audit.offset_bytes,
            audit_length: record.audit.length_bytes,
            // Money moves for longer than events are repeated.
            expires_at: expires_at(record.queued_at_ms, MOVEMENT_TABLE_DAYS),
            movement: Some(stored),
        }
    }

    /// The movement that an item of one says.
    ///
    /// # Errors
    /// A [`StoredError`] that names the attribute that is none of a movement's.
    pub fn movement(&self) -> Result<Movement, StoredError> {
        let stored = self.movement.as_ref();
        let stored = stored.ok_or(StoredError::Attribute("record_type"))?;
        let id = |text: &str, name| Identifier::new(text).map_err(|_| StoredError::Attribute(name));
        let payment = self.key.transaction_id.split_once(':');
        let (_, payment) = payment.ok_or(StoredError::Attribute("transaction_id"))?;
        let money = match (&self.money, &stored.tells, stored.amount_rank) {
            (None, None, None) => None,
            (Some(money), Some(tells), Some(rank)) => Some(Told {
                tells: known(&Tells::ALL, Tells::as_str, tells, "amount_tells")?,
                rank,
                amount: amount(money)?,
                at: stored.amount_at,
            }),
            _ => return Err(StoredError::Attribute("amount_tells")),
        };
        let kinds = &MovementKind::ALL;
        let states = &MovementState::ALL;
        let problems = self.problems.iter();
        let problems = problems.map(|text| known(&Problem::ALL, Problem::as_str, text, "problems"));
        Ok(Movement {
            kind: known(kinds, MovementKind::as_str, &stored.kind, "movement_kind")?,
            id: id(&stored.id, "movement_id")?,
            payment: id(payment, "transaction_id")?,
            stage: Stage {
                rank: stored.rank,
                state: known(
                    states,
                    MovementState::as_str,
                    &stored.state,
                    "movement_state",
                )?,
            },
            money,
            problems: problems.collect::<Result<BTreeSet<_>, _>>()?,
        })
    }

    /// This item of a movement with what another telling of it says; `None` when that is nothing new.
    ///
    /// # Errors
    /// A [`StoredError`] when one of the two is no movement's item.
    pub fn raised(&self, telling: &Self) -> Result<Option<Self>, StoredError> {
        let before = self.movement()?;
        let mut after = before.clone();
        let stored = self.movement.as_ref();
        let stored = stored.ok_or(StoredError::Attribute("record_type"))?;
        if !after.join(&telling.movement()?) {
            return Ok(None);
        }
        let mut changes = stored.changes.clone();
        let added = adds(&after);
        if added != adds(&before) {
            changes.push(change(telling.received_at, added));
        }
        let told = after.money.as_ref();
        let raised = StoredMovement {
            state: after.stage.state.as_str().to_owned(),
            rank: after.stage.rank,
            tells: told.map(|told| told.tells.as_str().to_owned()),
            amount_rank: told.map(|told| told.rank),
            amount_at: told.and_then(|told| told.at),
            version: stored.version.saturating_add(1),
            changes,
            ..stored.clone()
        };
        Ok(Some(Self {
            money: told.map(|told| StoredMoney::from(&told.amount)),
            problems: texts(&after.problems),
            movement: Some(raised),
            expires_at: self.expires_at.max(telling.expires_at),
            // Part of what it says was fetched, whatever was sent since: an update takes nothing away.
            fetched: telling.fetched.clone().or_else(|| self.fetched.clone()),
            ..telling.clone()
        }))
    }

    /// This item, which no table has yet, with what another event of the same batch tells: one change, when the later of them was received.
    ///
    /// # Errors
    /// A [`StoredError`] when one of the two is no movement's item.
    pub fn merged(&self, telling: &Self) -> Result<Option<Self>, StoredError> {
        let Some(mut merged) = self.raised(telling)? else {
            return Ok(None);
        };
        let (movement, received_at) = (merged.movement()?, merged.received_at);
        if let Some(stored) = &mut merged.movement {
            stored.version = 1;
            let added = adds(&movement).map(|added| change(received_at, Some(added)));
            stored.changes = added.into_iter().collect();
        }
        Ok(Some(merged))
    }
}

fn texts(problems: &BTreeSet<Problem>) -> Vec<String> {
    let texts = problems.iter().map(|problem| problem.as_str().to_owned());
    texts.collect()
}

#[cfg(test)]
#[path = "movement_tests.rs"]
mod tests;
