//! Sealing day after day, and verifying what was done to the log afterwards.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use audit_seal::seal::Report;
use audit_seal::verify::Problem;
use audit_seal::{PublicKey, SealError};
use common::{FIRST, found_between, key, last, log, run, sealed, write};
use jiff::ToSpan;
use pipeline::memory::{Call, CallFault, Memory, signing_key, to_the_end};

/// Three days, each with two hours and five objects, each sealed when it was over; one object of the first came late.
fn three_days() -> Memory {
    let memory = log();
    for n in 0..3 {
        let day = FIRST.checked_add(n.days()).unwrap();
        for name in ["a", "b", "c"] {
            write(&memory, day, 3, name);
        }
        write(&memory, day, 4, "d");
        write(&memory, day, 4, "e");
        if n == 1 {
            write(&memory, FIRST, 4, "late");
        }
        sealed(&memory, day);
    }
    memory
}

fn found(memory: &Memory) -> Vec<(Problem, String)> {
    found_between(memory, FIRST, last()).1
}

#[test]
fn what_is_sealed_verifies_and_late_objects_are_in_a_later_digest() {
    let memory = three_days();
    assert_eq!(found_between(&memory, FIRST, last()), (16, vec![]));
    assert_eq!(found_between(&memory, FIRST, FIRST), (6, vec![]));
    let objects = memory.objects();
    let digests: Vec<_> = objects
        .keys()
        .filter(|k| k.starts_with("seal/digests/"))
        .collect();
    assert_eq!(digests.len(), 3);
    let second = String::from_utf8(objects[digests[1]].clone()).unwrap();
    assert!(second.contains("seal/inventories/dt=2026-01-02/hh=04/00000002-"));
}

#[test]
fn a_sealed_day_is_sealed_again_only_for_what_came_late() {
    let memory = three_days();
    assert_eq!(sealed(&memory, last()), Report::default());
    write(&memory, FIRST, 9, "later");
    let report = sealed(&memory, last());
    assert_eq!((report.objects, report.late), (1, 1));
    assert_eq!(found_between(&memory, FIRST, last()), (17, vec![]));
}

#[test]
fn an_empty_day_has_a_digest_too() {
    let memory = log();
    let report = sealed(&memory, FIRST);
    assert_eq!(
        (report.digest.as_deref(), report.objects),
        (Some("seal/digests/00000001.json"), 0)
    );
    assert_eq!(found_between(&memory, FIRST, FIRST), (0, vec![]));
}

#[test]
fn everything_that_is_done_to_the_log_is_named() {
    let object = key(FIRST, 3, "b");
    let digest = |n: u32| format!("seal/digests/{n:08}.json");
    type Change = Box<dyn Fn(&Memory)>;
    let on = |change: fn(&Memory, &str), subject: &str| -> Change {
        let subject = subject.to_owned();
        Box::new(move |memory| change(memory, &subject))
    };
    let cases: Vec<(Change, Vec<(Problem, String)>)> = vec![
        (
            on(|m, k| m.write_object(k, b"other".to_vec()), &object),
            vec![(Problem::Altered, object.clone())],
        ),
        (
            on(|m, k| m.remove_object(k), &object),
            vec![(Problem::Missing, object.clone())],
        ),
        (
            on(
                |m, k| {
                    let body = m.objects().remove(k).unwrap();
                    m.write_object(k, body);
                },
                &object,
            ),
            vec![(Problem::Reversioned, object.clone())],
        ),
        (
            on(
                |m, k| m.write_object(k, b"new".to_vec()),
                &key(FIRST, 3, "forged"),
            ),
            vec![(Problem::Added, key(FIRST, 3, "forged"))],
        ),
        (
            on(
                |m, k| m.write_object(k, b"new".to_vec()),
                "audit/dt=someday/x",
            ),
            vec![(Problem::Added, "audit/dt=someday/x".to_owned())],
        ),
        (
            on(|m, k| m.write_object(k, b"{}".to_vec()), &digest(2)),
            vec![
                (Problem::BrokenLink, digest(3)),
                (Problem::DigestUnreadable, digest(2)),
                (Problem::Added, key(FIRST, 4, "late")),
            ],
        ),
        (
            on(
                |m, k| {
                    let body = String::from_utf8(m.objects().remove(k).unwrap()).unwrap();
                    m.write_object(
                        k,
                        body.replace("\"day\":\"2026-01-04", "\"day\":\"2026-01-03")
                            .into(),
                    );
                },
                &digest(3),
            ),
            vec![
                (Problem::SignatureInvalid, digest(3)),
                (Problem::DayNotSealed, last().to_string()),
            ],
        ),
    ];
    for (change, expected) in cases {
        let memory = three_days();
        change(&memory);
        let found = found(&memory);
        for one in &expected {
            assert!(found.contains(one), "{one:?} is not in {found:?}");
        }
        let range: Vec<_> = found
            .iter()
            .filter(|(_, s)| {
                !s.starts_with("audit/dt=2026-01-03") && !s.starts_with("audit/dt=2026-01-04")
            })
            .collect();
        assert_eq!(range.len(), expected.len(), "{found:?}");
    }
}

#[test]
fn a_digest_that_is_gone_breaks_the_link() {
    let memory = three_days();
    memory.remove_object("seal/digests/00000002.json");
    let found = found(&memory);
    assert!(found.contains(&(Problem::BrokenLink, "seal/digests/00000003.json".into())));
    let memory = three_days();
    memory.remove_object("seal/digests/00000001.json");
    // The oldest may be gone by its age; the objects that it covered are then uncovered.
    assert!(
        found_of_first_day(&memory)
            .iter()
            .all(|(problem, _)| *problem == Problem::Added)
    );
}

fn found_of_first_day(memory: &Memory) -> Vec<(Problem, String)> {
    let found = found_between(memory, FIRST, FIRST).1;
    assert!(!found.is_empty());
    found
}

#[test]
fn inventories_are_checked_as_well() {
    for (damage, expected) in [
        (None, Problem::InventoryMissing),
        (Some(b"other".to_vec()), Problem::InventoryAltered),
    ] {
        let memory = three_days();
        let objects = memory.objects();
        let key = objects
            .keys()
            .find(|k| k.starts_with("seal/inventories/"))
            .unwrap();
        match damage {
            None => memory.remove_object(key),
            Some(body) => memory.write_object(key, body),
        }
        let found = found(&memory);
        assert!(found.contains(&(expected, key.clone())), "{found:?}");
        // The next seal does not build on it, and the log stays as it is.
        let error = run(&memory, last(), u32::MAX).unwrap().unwrap_err();
        assert_eq!(error, SealError::Inventory(key.clone()));
    }
}

#[test]
fn another_key_is_not_believed_and_a_future_digest_neither() {
    let memory = three_days();
    memory.set_signing_key(signing_key().unwrap());
    let found = found(&memory);
    assert_eq!(
        found
            .iter()
            .filter(|(p, _)| *p == Problem::SignatureInvalid)
            .count(),
        3
    );

    let memory = three_days();
    let future = FIRST.checked_add(9.days()).unwrap();
    sealed(&memory, future);
    let found = found_between(&memory, FIRST, last()).1;
    assert_eq!(
        found,
        [(
            Problem::DigestFromTheFuture,
            "seal/digests/00000004.json".to_owned()
        )]
    );
    let error = run(&memory, last(), u32::MAX).unwrap().unwrap_err();
    assert_eq!(
        error,
        SealError::Future("seal/digests/00000004.json".into())
    );
}

#[test]
fn a_crash_before_or_after_any_call_leaves_a_chain_that_verifies() {
    let whole = three_days();
    let before = whole.calls().len();
    write(&whole, last(), 5, "f");
    sealed(&whole, last());
    let calls = whole.calls().len() - before;
    for fault in [
        CallFault::CrashBefore,
        CallFault::CrashAfter,
        CallFault::RetryableAfter,
        CallFault::Final,
    ] {
        for number in 0..calls {
            let memory = three_days();
            write(&memory, last(), 5, "f");
            memory.fail_call(before + number, fault);
            run(&memory, last(), u32::MAX);
            memory.heal();
            sealed(&memory, last());
            assert_eq!(
                found_between(&memory, FIRST, last()),
                (17, vec![]),
                "{fault:?} {number}"
            );
        }
    }
}

#[test]
fn a_key_that_refuses_makes_no_digest() {
    let memory = log();
    write(&memory, FIRST, 1, "a");
    memory.fail_every(Call::Sign, CallFault::Final);
    let error = run(&memory, FIRST, u32::MAX).unwrap().unwrap_err();
    assert!(matches!(error, SealError::Store(_)), "{error}");
    assert!(
        !memory
            .objects()
            .keys()
            .any(|key| key.starts_with("seal/digests/"))
    );
    assert_eq!(
        found_between(&memory, FIRST, FIRST).1.len(),
        2,
        "unsealed, and said so"
    );
}

#[test]
fn a_public_key_is_read_from_a_point_der_and_pem() {
    let memory = log();
    let key = PublicKey::from_bytes(&memory.public_key()).unwrap();
    assert_eq!(PublicKey::from_pem(&key.pem()), Some(key.clone()));
    assert!(key.pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
    for wrong in [&b""[..], &[4; 64], &[2; 65]] {
        assert_eq!(PublicKey::from_bytes(wrong), None);
    }
    assert_eq!(PublicKey::from_pem("no key"), None);
}

#[test]
fn the_chain_lists_every_sealed_inventory_of_audit_objects() {
    let memory = three_days();
    memory.write_object(
        "logs/dt=2026-01-04/log=access/0000.jsonl.zst",
        b"x".to_vec(),
    );
    let again = "audit/dt=2026-01-04/hh=again/received=2026-01-02-i.jsonl.zst";
    memory.write_object(again, b"x".to_vec());
    sealed(&memory, last().tomorrow().unwrap());
    // Written before a crash kept the digest from being made: no part of the seal.
    memory.write_object(
        "seal/inventories/dt=2026-01-02/hh=03/00000009-0123456789abcdef.jsonl.zst",
        b"x".to_vec(),
    );
    let now = common::now(last().tomorrow().unwrap());
    let read = to_the_end(audit_seal::sealed(now, &memory, &memory));
    let read = read.unwrap().unwrap();
    assert_eq!(read.until, last().tomorrow().ok());
    let ids: Vec<_> = read.inventories.iter().map(|it| it.id().unwrap()).collect();
    let hours: Vec<_> = ids
        .iter()
        .map(|id| id.rsplit_once('-').unwrap().0)
        .collect();
    assert_eq!(
        hours,
        [
            "03-00000001",
            "04-00000001",
            "04-00000002",
            "03-00000002",
            "04-00000002",
            "03-00000003",
            "04-00000003",
            "again-00000004",
        ]
    );
    let late = &read.inventories[2];
    assert_eq!((late.day, late.sequence), (FIRST, 2));
    let entries = to_the_end(late.entries(&memory, &memory)).unwrap().unwrap();
    assert_eq!(entries.len(), 1);
    assert!(entries[0].key.contains("/late"), "{entries:?}");

    memory.write_object("seal/digests/00000002.json", b"{}".to_vec());
    let read = to_the_end(audit_seal::sealed(now, &memory, &memory)).unwrap();
    assert_eq!(
        read,
        Err(SealError::Digest("seal/digests/00000002.json".to_owned()))
    );
}
