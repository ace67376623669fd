//! Hours and days as sums of minutes.
//!
//! Invariant: an hour and a day are recomputed whole from all of their minutes and are never added to. So it does not matter how often that is
//! done, or what became of an attempt before.

use super::Grain;
use super::packed::{ItemKey, Items, Numbers, add};

/// The characters of a minute that name its hour, `2026-01-02T03`, and its day, `2026-01-02`.
const HOUR: usize = 13;
const DAY: usize = 10;

/// The items of the hours and days of these minutes, the lanes added up. What is no item of a minute adds nothing.
pub fn rollup<'i>(minutes: impl IntoIterator<Item = (&'i ItemKey, &'i Numbers)>) -> Items {
    let mut sums = Items::new();
    for (key, numbers) in minutes {
        if key.grain() != Some(Grain::Minute) {
            continue;
        }
        let Some((minute, of)) = key.bucket.split_once('#') else {
            continue;
        };
        let hour = minute.get(..HOUR).map(|hour| format!("{hour}Z"));
        let day = minute.get(..DAY).map(str::to_owned);
        for (grain, time) in [(Grain::Hour, hour), (Grain::Day, day)] {
            let Some(time) = time else { continue };
            let sum = ItemKey {
                aggregate: grain.as_str().to_owned(),
                bucket: format!("{time}#{of}"),
            };
            add(sums.entry(sum).or_default(), numbers);
        }
    }
    // What came to nothing, as an hour in which a refund succeeded and failed, is an item without numbers: it replaces
    // one that said otherwise.
    sums
}
