//! What arrives: genuine and forged webhooks, late ones, and what a provider delivers again.

use super::{DAY_MS, FIRST_MS, Life};
use crate::lives::LIVES;
use crate::messages::{Message, Order, all_providers, lived, message, redelivered, twin};

impl Life {
    /// A webhook arrives, genuine or not.
    pub(super) fn arrive(&mut self, day: i64) {
        // Some come late: signed and received on a day before, and left in the queue until now.
        let received_day = if self.random.once_in(6) {
            (day - 2).max(0)
        } else {
            day
        };
        let order = self.order(received_day);
        self.numbers += 1;
        if let Some(mut message) = message(&order) {
            if received_day < day && self.random.once_in(2) {
                // Rejected or dead-lettered then, and sent through verification again now.
                message.queued_at_ms += (day - received_day) * DAY_MS;
                message.first_id = Some(format!("first-{}", message.id));
            }
            self.accepted.push(message.clone());
            self.queue.push_back(message);
        }
    }

    /// All webhooks of a payment arrive on one day, in any order; each payment once in a life.
    pub(super) fn arrive_whole(&mut self, day: i64) {
        let chosen = self.random.below(LIVES.len());
        if !self.lived.insert(chosen) {
            return;
        }
        let Some(life) = LIVES.get(chosen) else {
            return;
        };
        let Some(info) = all_providers()
            .into_iter()
            .find(|it| it.name == life.provider)
        else {
            return;
        };
        let mut bodies: Vec<&'static str> = life.bodies.iter().map(String::as_str).collect();
        self.random.shuffle(&mut bodies);
        for body in bodies {
            let order = Order {
                provider: info.name,
                forged: false,
                ..self.order(day)
            };
            self.numbers += 1;
            if let Some(message) = lived(&order, body) {
                self.counts.lived += 1;
                self.accepted.push(message.clone());
                self.queue.push_back(message);
            }
        }
    }

    fn order(&mut self, received_day: i64) -> Order {
        let second = i64::try_from(self.random.below(86_399)).unwrap_or_default();
        let received_at_ms = FIRST_MS + received_day * DAY_MS + second * 1000 + 250;
        let providers = all_providers();
        Order {
            number: self.numbers,
            provider: providers[self.random.below(providers.len())].name,
            sequence: 1000 + self.numbers,
            amount_minor: 1_000_000 + i64::try_from(self.random.below(900_000)).unwrap_or_default(),
            received_at_ms,
            event_at_s: received_at_ms / 1000 - 60,
            generation: self.generation,
            forged: self.random.once_in(8),
        }
    }

    /// A genuine webhook of that day, which arrives while the day is archived.
    pub(super) fn late_arrival(&mut self, day: i64) -> Option<Message> {
        let order = Order {
            forged: false,
            ..self.order(day)
        };
        self.numbers += 1;
        let message = message(&order)?;
        self.accepted.push(message.clone());
        Some(message)
    }

    /// A provider delivers again what it delivered before: another message, the same event. Or what
    /// looks like it and is not.
    pub(super) fn repeat(&mut self) {
        let valid = self.accepted.iter().filter(|message| message.valid());
        let candidates: Vec<Message> = valid.cloned().collect();
        if candidates.is_empty() {
            return;
        }
        let first = &candidates[self.random.below(candidates.len())];
        let number = self.numbers;
        self.numbers += 1;
        // Received on the day of the first, and delivered to the function whenever the queue does.
        let day_ends_ms = first.first_received_at_ms - first.first_received_at_ms % DAY_MS + DAY_MS;
        let received_at_ms = (first.received_at_ms + 1000).min(day_ends_ms - 1);
        // One in four differs from the first in its amount: another event where the provider gives
        // its events no id.
        let made = match self.random.once_in(4) {
            true => twin(first, number),
            false => redelivered(first, number, received_at_ms),
        };
        if let Some(made) = made {
            self.accepted.push(made.clone());
            self.queue.push_back(made);
        }
    }
}
