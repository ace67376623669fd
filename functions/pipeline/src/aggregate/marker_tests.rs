//! A marker lists what it was told to, in whatever form the numbers are.

use proptest::prelude::*;

use super::*;

fn number(text: &str) -> SequenceNumber {
    SequenceNumber::parse(text).unwrap()
}

/// A number of a shard as AWS's own example has them: one more before the last twenty digits, sixteen unforeseeable digits at the end.
fn like_aws(place: u64) -> SequenceNumber {
    let mut low = place;
    for _ in 0..4 {
        low = low
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
    }
    number(&format!(
        "{}0000{:016}",
        44_215_845 + 2 * place,
        low % 10_000_000_000_000_000
    ))
}

#[test]
fn a_hundred_numbers_fit_into_a_kilobyte_with_the_rest_of_the_item() {
    let records: Vec<_> = (0..100).map(like_aws).collect();
    assert_eq!(records[0].as_str().len(), 28);
    let bytes = encode(&records);
    // Names and values of the other attributes: aggregate and bucket with a key of forty digits, the expiry, this one's name.
    let rest = ("aggregate".len() + "marker#00".len())
        + ("bucket".len() + 40)
        + ("expires_at".len() + 6)
        + "records".len();
    assert!(bytes.len() + rest <= 1024, "{} bytes", bytes.len());
    assert_eq!(decode(&bytes).unwrap(), records.into_iter().collect());
}

#[test]
fn every_form_of_a_number_comes_back_as_it_was() {
    for texts in [
        vec!["0"],
        vec!["00", "0", "000"],
        vec!["9", "10", "99999999999999999999", "100000000000000000000"],
        vec!["000000000000000000000", "000000000000000000001"],
        vec!["9999999999999999999999999999999999999999", "1"],
        vec!["0000000000000000000000000000000000000001", "1"],
        vec![
            "2000001584047545833909",
            "2100003604869767892701",
            "2200001099771112898434",
        ],
    ] {
        let records: Vec<_> = texts.iter().map(|text| number(text)).collect();
        let listed = decode(&encode(&records)).unwrap();
        assert_eq!(listed, records.into_iter().collect(), "{texts:?}");
    }
}

#[test]
fn what_is_no_list_is_not_taken_for_an_empty_one() {
    let good = encode(&[number("2000001584047545833909")]);
    let cut = &good[..good.len() - 1];
    let endless = [0xff_u8; 24];
    // A length of fifty digits, of none, and a number below zero.
    let wrong: [&[u8]; 6] = [&[], cut, &endless, &[1, 50, 0], &[1, 0, 0], &[1, 1, 1]];
    for bytes in wrong {
        assert_eq!(decode(bytes), Err(Unreadable), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn any_numbers_come_back(texts in prop::collection::vec("[0-9]{1,40}", 1..120)) {
        let records: Vec<_> = texts.iter().map(|text| number(text)).collect();
        let listed: Listed = records.iter().cloned().collect();
        prop_assert_eq!(decode(&encode(&records)), Ok(listed));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(listed) = decode(&bytes) {
            let records: Vec<_> = listed.iter().cloned().collect();
            prop_assert_eq!(decode(&encode(&records)), Ok(listed));
        }
    }
}
