//! Follows what was sent: looks into table, audit log, analytics and rejected queue, again and
//! again, until everything is found or the time is over.
//!
//! Invariant: a message that is not one of ours is only hidden for a moment and given back; one of
//! ours is told by its whole body and taken out, so that tests do not fill the queue.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_adapters::standing::counted_in;
use aws_adapters::waiting::WaitingQueue;
use aws_adapters::{Clients, DynamoReader, S3Objects};
use jiff::{Timestamp, ToSpan};
use payment_event::{CurrencyCode, MinorUnits, MovementKind};
use pipeline::Origin;
use pipeline::aggregate::{Adds, Counted, CountedMovement, LANES, fold, pack};
use pipeline::audit::{read_frames, read_line};
use pipeline::storage::{ObjectStore, StoreError};
use pipeline::stored::StoredTransaction;
use tokio::time::{Instant, sleep};

use super::sent::{AuditLine, Sent, Troubles};
use crate::stack::StackArguments;

const PAUSE: Duration = Duration::from_millis(500);
/// Messages of the rejected queue that one look goes through.
const LOOKED_AT_MAX: usize = 500;

/// Where it is looked.
pub(super) struct Places<'p> {
    clients: &'p Clients,
    table: DynamoReader,
    objects: S3Objects,
    analytics: String,
    rejected: String,
    /// Objects of the audit log that are older than what was sent, or were read.
    known: BTreeSet<String>,
    troubles: Troubles,
}

/// What a failed call means: it may pass, or this place cannot be looked into.
fn trouble(place: &mut Option<String>, error: &StoreError) {
    if matches!(error, StoreError::Final { .. }) {
        *place = Some(error.to_string());
    }
}

/// Two hours of the audit log: a batch is filed under its earliest receipt.
fn hours(now: Timestamp) -> [String; 2] {
    let hour = |at: Timestamp| at.strftime("audit/dt=%Y-%m-%d/hh=%H/").to_string();
    let before = now.checked_sub(1.hours()).unwrap_or(now);
    [hour(before), hour(now)]
}

impl<'p> Places<'p> {
    /// The places of a stack, before anything is sent.
    pub(super) async fn new(clients: &'p Clients, stack: &StackArguments) -> Self {
        let mut places = Self {
            clients,
            table: DynamoReader::new(clients, stack.name("transactions")),
            objects: S3Objects::new(clients, stack.bucket()),
            analytics: stack.name("analytics"),
            rejected: stack.name("rejected_queue"),
            known: BTreeSet::new(),
            troubles: Troubles::default(),
        };
        let known = places.new_objects().await;
        places.known.extend(known);
        places
    }

    /// Objects of the audit log that were not there before.
    async fn new_objects(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        for hour in hours(Timestamp::now()) {
            match self.objects.keys(&hour).await {
                Ok(keys) => found.extend(keys),
                Err(error) => trouble(&mut self.troubles.audit, &error),
            }
        }
        found.retain(|key| !self.known.contains(key));
        found
    }

    /// Looks until all is known or `wait` is over. Returns why places could not be looked into.
    pub(super) async fn follow(mut self, sent: &mut [Sent], wait: Duration) -> Troubles {
        let deadline = Instant::now() + wait;
        loop {
            for one in sent.iter_mut().filter(|one| one.accepted()) {
                self.look_into_table(one).await;
                self.look_into_line(one).await;
                self.look_into_analytics(one).await;
            }
            if sent.iter().any(|one| one.trace.record.is_none()) {
                self.look_into_audit_log(sent).await;
            }
            let waited_for = |one: &&Sent| {
                let rejected = !one.genuine() || one.trace.rejected.is_some();
                rejected && one.accepted() && !one.trace.in_rejected_queue
            };
            if sent.iter().any(|one| waited_for(&one)) && self.troubles.queue.is_none() {
                self.look_into_queue(sent).await;
            }
            let open = sent.iter().any(|one| one.is_open(&self.troubles));
            if !open || Instant::now() >= deadline {
                return self.troubles;
            }
            sleep(PAUSE).await;
        }
    }

    async fn look_into_table(&mut self, one: &mut Sent) {
        let wanted = one.transaction_id.as_ref();
        let Some(id) = wanted.filter(|_| one.trace.record.is_none()) else {
            return;
        };
        if self.troubles.table.is_some() {
            return;
        }
        match self.table.records_of(id).await {
            Ok(items) => {
                let mut records = items.into_iter().map(StoredTransaction::from_item);
                one.trace.record = records.find_map(Result::ok);
            }
            Err(error) => trouble(&mut self.troubles.table, &error),
        }
    }

    /// The line that the record points to.
    async fn look_into_line(&mut self, one: &mut Sent) {
        let Some(record) = one.trace.record.as_ref() else {
            return;
        };
        if one.trace.line.is_some() || self.troubles.audit.is_some() {
            return;
        }
        let (key, offset, length) = (&record.audit_key, record.audit_offset, record.audit_length);
        match self.objects.range(key, offset, length).await {
            Ok(frame) => {
                let line = frame.and_then(|frame| read_line(&frame, &record.message_id).ok());
                one.trace.line = line.and_then(|line| serde_json::from_str(&line).ok());
            }
            Err(error) => trouble(&mut self.troubles.audit, &error),
        }
    }

    /// What is counted of the minute in which the money was received that it tells, over all lanes. With the
    /// currency of tests nobody else counts there; an event that tells none shares its count with others.
    async fn look_into_analytics(&mut self, one: &mut Sent) {
        let Some(record) = one.trace.record.as_ref() else {
            return;
        };
        if one.trace.counted || self.troubles.analytics.is_some() {
            return;
        }
        let Some(counted) = told(record) else {
            return;
        };
        let rows = fold([&counted], record.received_at);
        let items: Vec<_> = (0..LANES).flat_map(|lane| pack(&rows, lane)).collect();
        // Of an event the events, of money the movements: both are called so.
        let mut names = items.iter().flat_map(|(_, numbers)| numbers.keys());
        let Some(number) = names.find(|name| name.ends_with("#n")).cloned() else {
            return;
        };
        let keys: Vec<_> = items.into_iter().map(|(key, _)| key).collect();
        match counted_in(self.clients, &self.analytics, &keys, &number).await {
            Ok(count) => one.trace.counted = count > 0,
            Err(error) => trouble(&mut self.troubles.analytics, &error),
        }
    }

    /// Lines of what was rejected have no record that points to them.
    async fn look_into_audit_log(&mut self, sent: &mut [Sent]) {
        if self.troubles.audit.is_some() {
            return;
        }
        for key in self.new_objects().await {
            let object = match self.objects.get(&key).await {
                Ok(object) => object.unwrap_or_default(),
                Err(error) => {
                    trouble(&mut self.troubles.audit, &error);
                    return;
                }
            };
            self.known.insert(key);
            for line in read_frames(&object).lines {
                let Ok(line) = serde_json::from_str::<AuditLine>(&line) else {
                    continue;
                };
                let same = |one: &&mut Sent| one.sha256 == line.body_sha256;
                if let (Some(reason), Some(one)) = (line.reason, sent.iter_mut().find(same)) {
                    one.trace.rejected = Some(reason);
                }
            }
        }
    }

    async fn look_into_queue(&mut self, sent: &mut [Sent]) {
        if let Err(error) = self.take_ours(sent).await {
            trouble(&mut self.troubles.queue, &error);
        }
    }

    async fn take_ours(&self, sent: &mut [Sent]) -> Result<(), StoreError> {
        let queue = WaitingQueue::find(self.clients, &self.rejected).await?;
        let (mut others, mut looked_at) = (Vec::new(), 0);
        while looked_at < LOOKED_AT_MAX {
            let taken = queue.take().await?;
            if taken.is_empty() {
                break;
            }
            looked_at += taken.len();
            for message in taken {
                let ours = |one: &&mut Sent| one.body == message.body.as_bytes();
                let Some(one) = sent.iter_mut().find(ours) else {
                    others.push(message);
                    continue;
                };
                one.trace.in_rejected_queue = true;
                let origin = message.reject.as_deref().and_then(Origin::decode);
                if one.trace.rejected.is_none() {
                    one.trace.rejected = origin.map(|origin| origin.reason);
                }
                queue.delete(&message).await?;
            }
        }
        for message in &others {
            queue.release(message).await?;
        }
        Ok(())
    }
}

/// What is counted because of a record: the money of the movement that it tells, or the event.
fn told(record: &StoredTransaction) -> Option<Counted> {
    let kind = |text: &str| {
        MovementKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
    };
    let told = record.tells.first().and_then(|told| told.split('#').next());
    match (told.and_then(kind), &record.money) {
        (Some(kind), Some(money)) => Some(Counted::Movement(CountedMovement {
            provider: record.provider.clone(),
            kind,
            before: None,
            after: Some(Adds::Money(
                CurrencyCode::parse(&money.currency).ok()?,
                money.exponent,
                MinorUnits(money.minor),
            )),
            received_at: record.received_at,
        })),
        _ => record.counted().ok().map(Counted::Event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_before_is_looked_into_as_well() {
        let now: Timestamp = "2026-11-27T00:10:00Z".parse().unwrap();
        assert_eq!(
            hours(now),
            ["audit/dt=2026-11-26/hh=23/", "audit/dt=2026-11-27/hh=00/"]
        );
    }

    #[test]
    fn only_what_does_not_pass_keeps_us_out() {
        let mut place = None;
        let cause = "Throttling".to_owned();
        trouble(&mut place, &StoreError::Retryable { call: "a", cause });
        assert_eq!(place, None);
        let cause = "AccessDenied".to_owned();
        trouble(&mut place, &StoreError::Final { call: "a", cause });
        assert_eq!(place.as_deref(), Some("a was refused: AccessDenied"));
    }
}
