"""Deliberate faults of packing counts and markers, of adding minutes up, and of what comes too late to be counted."""

from tests.simulation.fault import PIPELINE, Fault

COUNTING = (
    Fault(
        "a marker lists too few records once it is packed",
        f"{PIPELINE}/aggregate/marker.rs",
        "    for number in &listed {",
        "    for number in listed.iter().rev().skip(usize::from(listed.len() > 3)).rev() {",
    ),
    Fault(
        "a packed number of one provider takes the place of another's",
        f"{PIPELINE}/aggregate/packed.rs",
        "        add(items.entry(key).or_default(), &numbers);",
        "        let _ = items.insert(key, numbers);",
    ),
    Fault(
        "providers are packed into one number",
        f"{PIPELINE}/aggregate/packed.rs",
        '            .map(|(suffix, number)| (format!("{provider}#{name}#{suffix}"), number))',
        '            .map(|(suffix, number)| (format!("stripe#{name}#{suffix}"), number + 0 * provider.len() as i128))',
    ),
    Fault(
        "an hour is added to instead of summed again",
        f"{PIPELINE}/aggregate/sums.rs",
        "            if standing.get(key) != Some(numbers) {",
        "            let mut sum = standing.get(key).cloned().unwrap_or_default();\n"
        "            super::packed::add(&mut sum, numbers);\n"
        "            let numbers = &sum;\n"
        "            if standing.get(key) != Some(numbers) {",
    ),
    Fault(
        "hours and days leave out a lane",
        f"{PIPELINE}/aggregate/sums.rs",
        "    for lane in 0..LANES {",
        "    for lane in 1..LANES {",
    ),
    Fault(
        "only the first page of a lane is added up",
        f"{PIPELINE}/aggregate/sums.rs",
        "            after = page.next;",
        "            after = page.next.filter(|_| false);",
    ),
    Fault(
        "an hour that stands there is not summed again",
        f"{PIPELINE}/aggregate/sums.rs",
        "            if standing.get(key) != Some(numbers) {",
        "            if !standing.contains_key(key) {",
    ),
    Fault(
        "a record of long ago is counted into a minute that may be gone",
        f"{PIPELINE}/aggregate/fold.rs",
        "        if too_late(one.received_at(), counted_at) {",
        "        if false && too_late(one.received_at(), counted_at) {",
    ),
    Fault(
        "a record of long ago is counted nowhere and told to nobody",
        f"{PIPELINE}/aggregate/count.rs",
        "                if too_late(counted.received_at(), counted_at) {",
        "                if too_late(counted.received_at(), counted_at) && false {",
    ),
)
