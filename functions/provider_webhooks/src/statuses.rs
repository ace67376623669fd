//! Looking up what a type says together with the state of its object. What is not in the table is
//! stored all the same, without a meaning.

use payment_event::PaymentStatus;

/// The status of an event type together with the state of what it is about, compared without regard to case; a row without a state is for every state.
pub(crate) fn by_state(
    table: &[(&str, &str, PaymentStatus)],
    kind: &str,
    state: &str,
) -> PaymentStatus {
    let listed = table.iter().find(|(name, listed, _)| {
        *name == kind && (listed.is_empty() || listed.eq_ignore_ascii_case(state))
    });
    listed.map_or(PaymentStatus::Unclassified, |(.., status)| *status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_and_strangers_are_not() {
        use PaymentStatus::{Captured, Failed, Payout, Unclassified};
        let table = [
            ("a", "won", Captured),
            ("a", "LOST", Failed),
            ("b", "", Payout),
        ];
        for (kind, state, expected) in [
            ("a", "WON", Captured),
            ("a", "lost", Failed),
            ("a", "", Unclassified),
            ("b", "any", Payout),
            ("c", "won", Unclassified),
        ] {
            assert_eq!(by_state(&table, kind, state), expected, "{kind} {state}");
        }
    }
}
