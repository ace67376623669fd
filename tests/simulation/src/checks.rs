//! What must hold when the faults have stopped and everything has drained.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use audit_seal::PublicKey;
use audit_seal::verify::verify;
use payment_event::{Movement, TransactionKey};
use pipeline::aggregate::{MONEY, NotCounts, StreamRecordError};
use pipeline::audit::{read_line, read_lines};
use pipeline::memory::to_the_end;
use pipeline::reconcile::{account, read_audited};
use pipeline::stored::StoredTransaction;
use transaction_archive::day::Stores;
use transaction_archive::recount::{compare, recount};

use crate::life::Life;

mod archived;

pub(crate) use archived::{
    PartsRead, everything_is_archived, nothing_vanished, whole_days_are_whole,
};

type Checked = Result<(), String>;

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Every check.
pub(crate) fn all(life: &Life) -> Checked {
    nothing_vanished(&life.parts, &life.memory)?;
    let archived = life.parts.archived(&life.memory)?;
    let records = archived.events.into_values();
    let records: Vec<_> = records.map(Rc::unwrap_or_clone).collect();
    check(life.memory.items().is_empty(), || {
        "an item never expires".to_owned()
    })?;
    the_archive_is_the_valid_events(life, &records)?;
    every_message_is_audited(life)?;
    every_pointer_leads_to_its_line(life, &records)?;
    rejected_messages_are_handed_on(life)?;
    aggregates_are_a_recount(life)?;
    what_is_too_late_is_handed_on(life)?;
    money_is_counted_once(life)?;
    everything_is_accounted_for(life, &records)?;
    no_card_number_is_kept(life)?;
    the_seal_verifies(life)
}

/// Transaction id and event id: what makes an event one, whatever time a delivery states.
fn event(transaction_id: &str, event_id: &str) -> (String, String) {
    (transaction_id.to_owned(), event_id.to_owned())
}

fn the_archive_is_the_valid_events(life: &Life, records: &[StoredTransaction]) -> Checked {
    let found: BTreeSet<_> = records
        .iter()
        .map(|record| event(&record.key.transaction_id, &record.event_id))
        .collect();
    check(found.len() == records.len(), || {
        "an event is stored twice".to_owned()
    })?;
    let accepted: BTreeSet<TransactionKey> = life
        .accepted
        .iter()
        .flat_map(|message| message.keys.clone())
        .collect();
    check(found.len() == accepted.len(), || {
        format!(
            "{} events are stored, {} were sent",
            found.len(),
            accepted.len()
        )
    })?;
    let ids: BTreeSet<&String> = found.iter().map(|(transaction, _)| transaction).collect();
    let missing = accepted
        .iter()
        .find(|key| !ids.contains(&key.transaction_id));
    check(missing.is_none(), || format!("{missing:?} is nowhere"))
}

fn lines(life: &Life) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    for (key, object) in life.memory.objects() {
        if key.starts_with("audit/") {
            lines.extend(read_lines(&object).map_err(|error| format!("{key}: {error}"))?);
        }
    }
    Ok(lines)
}

fn every_message_is_audited(life: &Life) -> Checked {
    let mut verdicts: BTreeMap<String, bool> = BTreeMap::new();
    for line in lines(life)? {
        let line = read_audited(&line).ok_or("a line of the audit log is none")?;
        let stored = line.rejected.is_none();
        let before = verdicts.insert(line.message_id.clone(), stored);
        check(before.is_none_or(|before| before == stored), || {
            format!("{} has two verdicts", line.message_id)
        })?;
    }
    for message in &life.accepted {
        let verdict = verdicts.get(&message.id);
        check(verdict == Some(&message.valid()), || {
            format!("{} is audited as {verdict:?}", message.id)
        })?;
    }
    Ok(())
}

fn every_pointer_leads_to_its_line(life: &Life, records: &[StoredTransaction]) -> Checked {
    let objects = life.memory.objects();
    for record in records {
        let frame = objects.get(&record.audit_key).and_then(|object| {
            let start = usize::try_from(record.audit_offset).ok()?;
            let length = usize::try_from(record.audit_length).ok()?;
            object.get(start..start + length)
        });
        let line = frame.and_then(|frame| read_line(frame, &record.message_id).ok());
        let message = line.as_deref().and_then(read_audited);
        let leads = message.is_some_and(|message| message.message_id == record.message_id);
        check(leads, || {
            format!("the audit pointer of {:?} leads elsewhere", record.key)
        })?;
    }
    Ok(())
}

fn rejected_messages_are_handed_on(life: &Life) -> Checked {
    let handed_on = life.memory.rejected();
    for message in life.accepted.iter().filter(|message| !message.valid()) {
        let first = message.first_id.as_ref().unwrap_or(&message.id);
        let id = format!("message_id={first}&");
        let sent = handed_on
            .iter()
            .any(|sent| sent.reject.contains(&id) && sent.body == message.body);
        check(sent, || {
            format!("{} is not in the rejected queue", message.id)
        })?;
    }
    let bodies: BTreeSet<&str> = life
        .accepted
        .iter()
        .filter(|m| !m.valid())
        .map(|m| m.body.as_str())
        .collect();
    let wrong = handed_on
        .iter()
        .any(|sent| !bodies.contains(sent.body.as_str()));
    check(!wrong, || {
        "a valid message is in the rejected queue".to_owned()
    })
}

fn aggregates_are_a_recount(life: &Life) -> Checked {
    let (first, last) = Life::days();
    let stores = Stores {
        table: &life.memory,
        objects: &life.memory,
        pause: &life.memory,
    };
    let said = to_the_end(recount(first, last, &stores))
        .ok_or("the recount never ends")?
        .map_err(|error| error.to_string())?;
    let in_table = said.in_both + said.in_table;
    check(in_table == 0 && said.uncountable == 0, || {
        format!("{said:?}")
    })?;
    let kept = || {
        let (minutes, sums) = (life.memory.minute_rows()?, life.memory.sum_rows()?);
        Ok(minutes.into_iter().chain(sums))
    };
    let kept = kept().map_err(|error: NotCounts| error.to_string())?;
    let differences = compare(first, last, first, &said, kept);
    check(differences.is_empty(), || {
        format!("aggregates differ: {:?}", differences.first())
    })
}

/// What came too late to be counted is in the dead-letter queue, each record of it and nothing else, and adds to nothing.
fn what_is_too_late_is_handed_on(life: &Life) -> Checked {
    let handed_on = life.memory.dead_letters();
    let other = handed_on
        .iter()
        .find(|(_, why)| *why != StreamRecordError::TooLate);
    check(other.is_none(), || {
        format!("a record is in the dead-letter queue: {other:?}")
    })?;
    let handed_on: BTreeSet<String> = handed_on.into_iter().map(|(json, _)| json).collect();
    check(handed_on == life.late_records(), || {
        format!("{} records are said to be too late", handed_on.len())
    })?;
    let first = Life::days().0.to_string();
    let counts = life.memory.counts();
    let old = counts.keys().find(|key| key.bucket < first);
    check(old.is_none(), || {
        format!("a record of long ago is counted in {old:?}")
    })
}

/// Provider, currency with exponent, kind.
type Sums = BTreeMap<(String, String, String), (i64, i128)>;

/// What was counted is what the accepted webhooks tell, each movement once: joined here without table and stream.
fn money_is_counted_once(life: &Life) -> Checked {
    let mut movements: BTreeMap<(String, String, String), Movement> = BTreeMap::new();
    for (provider, told) in life.accepted.iter().flat_map(|message| &message.movements) {
        let key = (
            provider.clone(),
            told.payment.as_str().to_owned(),
            told.sort_key(),
        );
        movements
            .entry(key)
            .and_modify(|known| {
                known.join(told);
            })
            .or_insert_with(|| told.clone());
    }
    let mut expected = Sums::new();
    for ((provider, _, _), movement) in movements.iter().filter(|(_, it)| it.counts()) {
        let (currency, minor) = match movement.amount() {
            None => ("-".to_owned(), 0),
            Some(amount) => {
                let currency = format!("{}.{}", amount.currency.as_str(), amount.exponent);
                (currency, i128::from(amount.minor.0))
            }
        };
        let key = (
            provider.clone(),
            currency,
            movement.kind.as_str().to_owned(),
        );
        let sum = expected.entry(key).or_default();
        sum.0 += 1;
        sum.1 += minor;
    }
    let mut counted = Sums::new();
    let rows = life.memory.sum_rows().map_err(|error| error.to_string())?;
    for (key, delta) in rows {
        let parts: Vec<&str> = key.aggregate.split('#').collect();
        if let (true, true, [provider, currency, kind]) = (
            key.is_money(),
            key.bucket.starts_with("day#"),
            parts.as_slice(),
        ) {
            let kind = kind.trim_start_matches(MONEY).to_owned();
            let key = ((*provider).to_owned(), (*currency).to_owned(), kind);
            let sum = counted.entry(key).or_default();
            sum.0 += delta.movements;
            sum.1 += delta.amount_minor;
        }
    }
    counted.retain(|_, sum| *sum != (0, 0));
    check(counted == expected, || {
        format!("counted {counted:?}, told {expected:?}")
    })
}

fn everything_is_accounted_for(life: &Life, records: &[StoredTransaction]) -> Checked {
    let accepted = life
        .accepted
        .iter()
        .map(|message| message.request_id.clone())
        .collect();
    let audited: Vec<_> = lines(life)?
        .iter()
        .filter_map(|line| read_audited(line))
        .collect();
    let brought: BTreeMap<_, _> = records
        .iter()
        .map(|r| {
            (
                event(&r.key.transaction_id, &r.event_id),
                r.message_id.clone(),
            )
        })
        .collect();
    let account = account(&accepted, &audited, |transaction, id| {
        brought.get(&event(transaction, id)).cloned()
    });
    check(
        account.open.is_empty() && account.unknown.is_empty(),
        || format!("{account:?}"),
    )
}

fn no_card_number_is_kept(life: &Life) -> Checked {
    for line in lines(life)? {
        check(!line.contains("4111 1111 1111 1111"), || {
            "a card number is in the audit log".to_owned()
        })?;
    }
    Ok(())
}

fn the_seal_verifies(life: &Life) -> Checked {
    let key = PublicKey::from_bytes(&life.memory.public_key()).ok_or("no public key")?;
    let (first, last) = Life::days();
    let report = to_the_end(verify(
        first,
        last,
        Life::verified_at(),
        &key,
        &life.memory,
        true,
    ))
    .ok_or("the verification never ends")?
    .map_err(|error| error.to_string())?;
    check(report.findings.is_empty(), || {
        format!("{:?}", report.findings.first())
    })
}
