//! From what a provider's file reads out of a webhook to the events that are stored.
//!
//! Invariant: an [`Events`] is never empty, whatever the body says: verified means stored.

use std::collections::BTreeSet;

use jiff::Timestamp;
use payment_event::{Amount, Identifier, PaymentEvent, PaymentStatus, Problem};

use crate::facts::{Facts, Related};
use crate::identity::content_hash;
use crate::movements::Tell;
use crate::{ProviderInfo, VerifiedWebhook};

/// Events of one webhook that are stored one by one. A body with more is stored as one event, so
/// that no body can cost more than its share of a batch.
pub const EVENTS_MAX: usize = 1_000;

/// The type of an event whose body cannot be read.
pub const UNREADABLE: &str = "unreadable";

/// What makes an event the same in every delivery.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// The provider's id of the event, which the signature covers and the provider calls unique.
    /// Where the event has none, the whole signed content.
    Own(Option<Identifier>),
    /// The signed body, but for the catalogue's `volatile` fields.
    Body,
    /// The signed body and a text beside it that the provider's signature does not cover.
    BodyAnd(&'static str),
    /// These signed bytes, where the signature covers something else than the body.
    Content(Vec<u8>),
}

/// One event as the provider's file reads it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// What was read, with its problems.
    pub(crate) facts: Facts,
    /// What makes it the same in every delivery.
    pub(crate) identity: Identity,
    /// As sent.
    pub(crate) event_type: String,
    /// Its meaning.
    pub(crate) status: PaymentStatus,
    /// The payment that it is about.
    pub(crate) transaction_id: Option<Identifier>,
    /// The money.
    pub(crate) amount: Option<Amount>,
    /// The merchant's account.
    pub(crate) merchant_account: Option<String>,
    /// When it happened.
    pub(crate) event_time: Option<Timestamp>,
    /// Whether `event_time` is the event's own, signed, and the same in every delivery. The time of
    /// the object that the event is about is not: a dispute of last year may be won today.
    pub(crate) dated: bool,
    /// Other ids.
    pub(crate) related: Related,
    /// The money that it tells.
    pub(crate) movements: Vec<Tell>,
}

/// One or more events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events(Vec<PaymentEvent>);

impl Events {
    /// The events of a webhook.
    pub(crate) fn of(
        info: &'static ProviderInfo,
        webhook: &VerifiedWebhook<'_>,
        drafts: Vec<Draft>,
    ) -> Self {
        if drafts.len() > EVENTS_MAX {
            return Self::unclassified(info, webhook, Problem::TooManyEvents);
        }
        if drafts.is_empty() {
            return Self::unreadable(info, webhook);
        }
        let several = drafts.len() > 1;
        let mut of_body = None;
        let events = drafts.into_iter().enumerate().map(|(position, draft)| {
            let position = several.then_some(position);
            let event_id = match &draft.identity {
                Identity::Own(Some(id)) => id.clone(),
                Identity::Own(None) | Identity::Body => {
                    let hash = of_body
                        .get_or_insert_with(|| content_hash(webhook.body(), info.volatile, ""));
                    Identifier::of_sha256(hash, position)
                }
                Identity::BodyAnd(text) => {
                    let hash = content_hash(webhook.body(), info.volatile, text);
                    Identifier::of_sha256(&hash, position)
                }
                Identity::Content(bytes) => {
                    Identifier::of_sha256(&content_hash(bytes, &[], ""), None)
                }
            };
            draft.finished(info, event_id)
        });
        Self(events.collect())
    }

    /// One event for a body that is not in the provider's format.
    pub(crate) fn unreadable(info: &'static ProviderInfo, webhook: &VerifiedWebhook<'_>) -> Self {
        Self::unclassified(info, webhook, Problem::BodyUnreadable)
    }

    fn unclassified(
        info: &'static ProviderInfo,
        webhook: &VerifiedWebhook<'_>,
        problem: Problem,
    ) -> Self {
        let mut facts = Facts::default();
        facts.note(problem);
        let draft = Draft {
            facts,
            identity: Identity::Body,
            event_type: UNREADABLE.to_owned(),
            status: PaymentStatus::Unclassified,
            transaction_id: None,
            amount: None,
            merchant_account: None,
            event_time: None,
            dated: false,
            related: Related::new(),
            movements: Vec::new(),
        };
        let hash = content_hash(webhook.body(), info.volatile, "");
        let event_id = Identifier::of_sha256(&hash, None);
        Self(vec![draft.finished(info, event_id)])
    }

    /// The events.
    pub fn as_slice(&self) -> &[PaymentEvent] {
        &self.0
    }

    /// The events, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [PaymentEvent] {
        &mut self.0
    }

    /// The events as a list.
    pub fn into_vec(self) -> Vec<PaymentEvent> {
        self.0
    }
}

impl Draft {
    fn finished(self, info: &'static ProviderInfo, event_id: Identifier) -> PaymentEvent {
        let mut facts = self.facts;
        let about_a_payment = !matches!(
            self.status,
            PaymentStatus::Unclassified | PaymentStatus::Notice
        );
        if self.transaction_id.is_none() && about_a_payment {
            facts.note(Problem::ObjectMissing);
        }
        let problems: BTreeSet<Problem> = facts.into_problems();
        let transaction_id = self.transaction_id.unwrap_or_else(|| event_id.clone());
        let (movements, at) = (self.movements.into_iter(), self.event_time);
        PaymentEvent {
            provider: info.name.to_owned(),
            movements: movements
                .map(|tell| tell.finished(&transaction_id, at))
                .collect(),
            transaction_id,
            event_id,
            event_type: self.event_type,
            status: self.status,
            amount: self.amount,
            merchant_account: self.merchant_account,
            dated: self.dated && self.event_time.is_some(),
            event_time: self.event_time,
            problems,
            related_ids: self
                .related
                .into_iter()
                .map(|(role, id)| (role.to_owned(), id))
                .collect(),
        }
    }
}
