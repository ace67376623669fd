//! What of the provider's records is missing here, and what is here that the provider does not list.
//!
//! Invariant: pure, and the order in which things were listed or stored changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use payment_event::TransactionKey;
use serde::Serialize;

use crate::expected::Expected;
use crate::{Lists, Window};

/// An event of this provider that is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    /// The provider's id of it.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
    /// When it happened, by the provider's clock, else when it was received.
    pub at: Timestamp,
}

/// What is stored of a provider around a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Have {
    /// Events, by receipt in and after the window.
    pub events: BTreeSet<Stored>,
    /// The keys of events that were looked up one by one and are there.
    pub keys: BTreeSet<TransactionKey>,
    /// Each movement that was looked up or seen in the archive.
    pub movements: BTreeMap<TransactionKey, Standing>,
}

/// How far a stored movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// Its rank.
    pub rank: i64,
    /// Whether an amount was told.
    pub amount: bool,
}

impl Have {
    /// Notes a movement; of one that is seen several times the highest rank holds.
    pub fn movement(&mut self, key: TransactionKey, seen: Standing) {
        let known = self.movements.entry(key).or_insert(seen);
        known.rank = seen.rank.max(known.rank);
        known.amount |= seen.amount;
    }
}

/// Why something is called missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// Its event is not stored.
    Event,
    /// Money that it tells is not stored.
    Money,
    /// Money that it tells is stored in an earlier state.
    State,
    /// It is stored, and the provider does not list it.
    NotListed,
}

/// One thing that is on one side alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// When it happened, by the provider's clock.
    pub at: Option<Timestamp>,
    /// The provider's id of it.
    pub id: String,
    /// Its event type, or what kind of object it is and how far.
    pub what: String,
    /// Why it is called missing.
    pub lack: Lack,
}

/// How a window compares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GapReport {
    /// Things that the provider lists.
    pub listed: u64,
    /// Of them, those that are stored, or tell nothing that would be.
    pub present: u64,
    /// Of them, those that are not, and no retry will bring any more.
    pub missing: Vec<Gap>,
    /// Of them, those that are not yet stored and that the provider may still send by itself.
    pub not_yet: Vec<Gap>,
    /// Events that are stored and that the provider does not list. Only where events are listed.
    pub not_listed: Vec<Gap>,
}

/// Compares what the provider lists of a window with what is stored.
///
/// `settled_before` is the time before which the provider has stopped sending by itself: what
/// happened later is not yet missing.
pub fn compare(
    lists: Lists,
    window: Window,
    expected: &[Expected],
    have: &Have,
    settled_before: Timestamp,
) -> GapReport {
    let mut report = GapReport::default();
    let ids: BTreeSet<&str> = have.events.iter().map(|it| it.event_id.as_str()).collect();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for one in expected {
        // A list that changes while it is read gives an entry twice.
        if !seen.insert((&one.listed.id, &one.listed.what)) {
            continue;
        }
        report.listed += 1;
        match lack(lists, one, have, &ids) {
            None => report.present += 1,
            Some(lack) => {
                let gap = Gap {
                    at: one.listed.at,
                    id: one.listed.id.clone(),
                    what: one.listed.what.clone(),
                    lack,
                };
                match one.listed.at.is_none_or(|at| at < settled_before) {
                    true => report.missing.push(gap),
                    false => report.not_yet.push(gap),
                }
            }
        }
    }
    if lists == Lists::Events {
        let listed: BTreeSet<&str> = expected
            .iter()
            .flat_map(|one| one.event_ids.iter().map(String::as_str))
            .collect();
        let unlisted = have.events.iter().filter(|event| {
            window.holds(event.at)
                && event.at < settled_before
                && !listed.contains(event.event_id.as_str())
        });
        report.not_listed = unlisted
            .map(|event| Gap {
                at: Some(event.at),
                id: event.event_id.clone(),
                what: event.event_type.clone(),
                lack: Lack::NotListed,
            })
            .collect();
    }
    for gaps in [
        &mut report.missing,
        &mut report.not_yet,
        &mut report.not_listed,
    ] {
        gaps.sort();
    }
    report
}

fn lack(lists: Lists, one: &Expected, have: &Have, ids: &BTreeSet<&str>) -> Option<Lack> {
    if lists != Lists::Objects {
        let stored = one
            .event_ids
            .iter()
            .zip(&one.keys)
            .all(|(id, key)| ids.contains(id.as_str()) || have.keys.contains(key));
        return (!stored).then_some(Lack::Event);
    }
    let lacks = one
        .movements
        .iter()
        .filter_map(|told| match have.movements.get(&told.key) {
            None => Some(Lack::Money),
            // A later state may have come alone, without the amount that an earlier one tells.
            Some(stored) if told.amount && !stored.amount => Some(Lack::Money),
            Some(stored) if stored.rank < told.rank => Some(Lack::State),
            Some(_) => None,
        });
    lacks.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Listed;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn one(id: &str, at: &str) -> Expected {
        Expected {
            listed: Listed {
                id: id.to_owned(),
                what: "payment paid".to_owned(),
                at: Some(time(at)),
                body: Vec::new(),
                headers: Vec::new(),
            },
            keys: Vec::from([TransactionKey {
                transaction_id: format!("example:{id}"),
                timestamp: format!("{at}#{id}"),
            }]),
            event_ids: Vec::from([id.to_owned()]),
            movements: Vec::new(),
        }
    }

    #[test]
    fn a_notice_is_known_by_its_id_and_one_of_an_older_thing_is_no_gap() {
        let window = Window {
            from: time("2026-11-01T00:00:00Z"),
            to: time("2026-11-02T00:00:00Z"),
        };
        let expected = [
            one("tr_1", "2026-11-01T01:00:00Z"),
            one("tr_2", "2026-11-01T02:00:00Z"),
            one("tr_3", "2026-11-01T23:00:00Z"),
        ];
        let stored = ["tr_1", "tr_0"].map(|id| Stored {
            event_id: id.to_owned(),
            event_type: "notice".to_owned(),
            at: time("2026-11-01T03:00:00Z"),
        });
        let have = Have {
            events: stored.into(),
            ..Have::default()
        };
        let settled = time("2026-11-01T12:00:00Z");
        let ids = |gaps: &[Gap]| gaps.iter().map(|gap| gap.id.clone()).collect::<Vec<_>>();
        for (lists, missing, not_yet, not_listed) in [
            (Lists::Notices, "tr_2", "tr_3", None),
            (Lists::Events, "tr_2", "tr_3", Some("tr_0")),
        ] {
            let report = compare(lists, window, &expected, &have, settled);
            assert_eq!((report.listed, report.present), (3, 1));
            assert_eq!(ids(&report.missing), [missing]);
            assert_eq!(ids(&report.not_yet), [not_yet]);
            assert_eq!(ids(&report.not_listed), Vec::from_iter(not_listed));
        }
        let report = compare(Lists::Objects, window, &expected, &have, settled);
        assert_eq!((report.present, report.missing.len()), (3, 0));
    }
}
