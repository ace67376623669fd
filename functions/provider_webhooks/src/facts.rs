//! Reading the facts of an event. What is missing or unusable is noted and left out; nothing here
//! refuses anything, because a body that its provider signed is stored whatever it says.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use card_masking::mask_text;
use jiff::Timestamp;
use payment_event::{Amount, Identifier, PaymentStatus, Problem};
use serde_json::value::RawValue;

use crate::amounts::{major_text_amount, minor_text_amount};
use crate::exponents::ExponentTable;
use crate::json::{field, scalar};
use crate::times;

/// An event type longer than this is cut.
const EVENT_TYPE_BYTES_MAX: usize = 128;
/// A merchant account longer than this is cut.
const ACCOUNT_BYTES_MAX: usize = 256;
/// Bytes of a hash that stand for an id: 128 bits, so that no two ids of one provider collide.
const ID_HASH_BYTES: usize = 16;

/// What an event is about, by the role that each id has in it. Roles come from the provider's file,
/// never from the body.
pub(crate) type Related = BTreeMap<&'static str, Identifier>;

/// The problems of one event, and the readers that note them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    problems: BTreeSet<Problem>,
}

impl Facts {
    /// Notes a problem.
    pub(crate) fn note(&mut self, problem: Problem) {
        self.problems.insert(problem);
    }

    /// The problems that were noted.
    pub(crate) fn into_problems(self) -> BTreeSet<Problem> {
        self.problems
    }

    /// The event type as sent, or an empty text.
    pub(crate) fn event_type(&mut self, raw: Option<&RawValue>) -> String {
        let text = scalar(raw);
        if text.is_empty() && raw.is_some_and(|raw| raw.get().starts_with(['{', '['])) {
            self.note(Problem::TypeUnusable);
            return String::new();
        }
        self.event_type_text(&text)
    }

    /// The same where the type is a text already.
    pub(crate) fn event_type_text(&mut self, text: &str) -> String {
        if text.is_empty() {
            self.note(Problem::TypeMissing);
        } else if text.len() > EVENT_TYPE_BYTES_MAX {
            self.note(Problem::TypeUnusable);
        }
        cut(text, EVENT_TYPE_BYTES_MAX).to_owned()
    }

    /// The provider's own id of the event, which the provider documents and signs. `None` is noted.
    pub(crate) fn event_id(&mut self, raw: Option<&RawValue>) -> Option<Identifier> {
        self.event_id_text(&id_text(raw))
    }

    /// The same where the id is a text already.
    pub(crate) fn event_id_text(&mut self, text: &str) -> Option<Identifier> {
        if text.is_empty() {
            self.note(Problem::EventIdMissing);
            return None;
        }
        let id = Identifier::new(text).ok();
        if id.is_none() {
            self.note(Problem::EventIdUnusable);
        }
        id
    }

    /// The id in a field that holds either an id or the whole object with its `id`. An id that
    /// cannot be part of a key becomes a hash of itself, so that the same id is the same key.
    pub(crate) fn id(&mut self, raw: Option<&RawValue>) -> Option<Identifier> {
        self.id_text(&id_text(raw))
    }

    /// The same where the id is a text already.
    pub(crate) fn id_text(&mut self, text: &str) -> Option<Identifier> {
        if text.is_empty() {
            return None;
        }
        Identifier::new(text).ok().or_else(|| {
            self.note(Problem::IdUnusable);
            Some(hashed(text))
        })
    }

    /// An id that the merchant or the payer chose. One that is a card number becomes a hash, too:
    /// keys are not masked.
    pub(crate) fn chosen_id(&mut self, raw: Option<&RawValue>) -> Option<Identifier> {
        self.chosen_id_text(&id_text(raw))
    }

    /// The same where the id is a text already.
    pub(crate) fn chosen_id_text(&mut self, text: &str) -> Option<Identifier> {
        if mask_text(text).1 > 0 {
            self.note(Problem::IdUnusable);
            return Some(hashed(text));
        }
        self.id_text(text)
    }

    /// The first usable of several fields with a time, which the provider documents: none at all is
    /// noted.
    pub(crate) fn time(&mut self, fields: &[Option<&RawValue>]) -> Option<Timestamp> {
        let texts: Vec<_> = fields.iter().map(|raw| scalar(*raw)).collect();
        self.time_of(texts.iter().map(|text| text.as_ref()), true)
    }

    /// The same where an event may do without a time.
    pub(crate) fn time_if_stated(&mut self, fields: &[Option<&RawValue>]) -> Option<Timestamp> {
        let texts: Vec<_> = fields.iter().map(|raw| scalar(*raw)).collect();
        self.time_of(texts.iter().map(|text| text.as_ref()), false)
    }

    /// A documented time that is a text already.
    pub(crate) fn time_text(&mut self, text: &str) -> Option<Timestamp> {
        self.time_of([text].into_iter(), true)
    }

    fn time_of<'t>(
        &mut self,
        texts: impl Iterator<Item = &'t str>,
        documented: bool,
    ) -> Option<Timestamp> {
        let mut stated = false;
        for text in texts.filter(|text| !text.is_empty()) {
            stated = true;
            if let Some(time) = times::time(text) {
                return Some(time);
            }
        }
        if stated {
            self.note(Problem::TimeUnusable);
        } else if documented {
            self.note(Problem::TimeMissing);
        }
        None
    }

    /// The merchant's account, when one is named.
    #[allow(clippy::unused_self)] // One form for every fact that is read.
    pub(crate) fn account(&mut self, raw: Option<&RawValue>) -> Option<String> {
        self.account_text(&id_text(raw))
    }

    /// The same where the account is a text already.
    #[allow(clippy::unused_self)] // As above.
    pub(crate) fn account_text(&mut self, text: &str) -> Option<String> {
        let account = cut(text, ACCOUNT_BYTES_MAX);
        (!account.is_empty()).then(|| account.to_owned())
    }

    /// An amount of integer minor units with its currency. Where the status says that money moved,
    /// a missing amount is noted.
    pub(crate) fn minor(
        &mut self,
        status: PaymentStatus,
        value: Option<&RawValue>,
        currency: Option<&RawValue>,
        exponents: &ExponentTable,
    ) -> Option<Amount> {
        let amount = self.minor_if_stated(status, value, currency, exponents);
        self.expected(status, amount)
    }

    /// The same for events that may say nothing of the amount.
    pub(crate) fn minor_if_stated(
        &mut self,
        status: PaymentStatus,
        value: Option<&RawValue>,
        currency: Option<&RawValue>,
        exponents: &ExponentTable,
    ) -> Option<Amount> {
        let amount = minor_text_amount(&amount_text(value), &scalar(currency), exponents);
        self.noted(status, amount)
    }

    /// An amount of major units, decimal text or a JSON number whose zeros are kept, with its
    /// currency. Where the status says that money moved, a missing amount is noted.
    pub(crate) fn major(
        &mut self,
        status: PaymentStatus,
        value: Option<&RawValue>,
        currency: Option<&RawValue>,
        exponents: &ExponentTable,
    ) -> Option<Amount> {
        let amount = self.major_if_stated(status, value, currency, exponents);
        self.expected(status, amount)
    }

    /// The same for events that may say nothing of the amount.
    pub(crate) fn major_if_stated(
        &mut self,
        status: PaymentStatus,
        value: Option<&RawValue>,
        currency: Option<&RawValue>,
        exponents: &ExponentTable,
    ) -> Option<Amount> {
        self.major_text(status, &amount_text(value), &scalar(currency), exponents)
    }

    /// The same where value and currency are texts already.
    pub(crate) fn major_text(
        &mut self,
        status: PaymentStatus,
        value: &str,
        currency: &str,
        exponents: &ExponentTable,
    ) -> Option<Amount> {
        let amount = major_text_amount(value, currency, exponents);
        self.noted(status, amount)
    }

    /// Notes that an event which says that money moved does not say how much.
    pub(crate) fn expected(
        &mut self,
        status: PaymentStatus,
        amount: Option<Amount>,
    ) -> Option<Amount> {
        use PaymentStatus::{Authorised, Captured, Disputed, Refunded};
        let told = [
            Problem::AmountUnusable,
            Problem::CurrencyMissing,
            Problem::CurrencyUnusable,
        ];
        let moved = matches!(status, Authorised | Captured | Refunded | Disputed);
        if moved && amount.is_none() && !told.iter().any(|known| self.problems.contains(known)) {
            self.note(Problem::AmountMissing);
        }
        amount
    }

    /// Where the status is not known, a field that merely looks like an amount is none.
    fn noted(
        &mut self,
        status: PaymentStatus,
        amount: Result<Option<Amount>, Problem>,
    ) -> Option<Amount> {
        match amount {
            Ok(amount) => amount,
            Err(_) if status == PaymentStatus::Unclassified => None,
            Err(problem) => {
                self.note(problem);
                None
            }
        }
    }
}

/// The text of an id: the field itself, or the `id` of the object in it.
pub(crate) fn id_text(raw: Option<&RawValue>) -> Cow<'_, str> {
    match raw {
        Some(raw) if raw.get().starts_with('{') => scalar(field(raw, "id")),
        raw => scalar(raw),
    }
}

/// An object or a list in place of an amount is unusable, not absent.
fn amount_text(value: Option<&RawValue>) -> Cow<'_, str> {
    match value {
        Some(raw) if raw.get().starts_with(['{', '[']) => Cow::Borrowed("?"),
        value => scalar(value),
    }
}

fn hashed(text: &str) -> Identifier {
    let hash = digest(&SHA256, text.as_bytes());
    let short = hash.as_ref().iter().take(ID_HASH_BYTES).copied();
    Identifier::of_sha256(&short.collect::<Vec<u8>>(), None)
}

/// At most `bytes_max` bytes of `text`, cut between characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
