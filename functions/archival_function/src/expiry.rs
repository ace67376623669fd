//! What is logged of the table's expiry.

use transaction_archive::expiry::Guarded;

/// Logs what a person has to know of the table's expiry.
pub(crate) fn log(guarded: &Guarded) {
    let days_left = guarded.days_left;
    for error in &guarded.failures {
        tracing::error!(
            %error,
            days_left,
            "the table's expiry cannot be looked after: {error}"
        );
    }
    if guarded.stopped_now {
        tracing::error!(
            days_left,
            "what is not archived was about to expire: the table's expiry is switched off. \
             Mend the archive, let it catch up, then switch time to live on again: \
             docs/runbooks/expiry_stopped.md"
        );
    } else if guarded.stopped == Some(true) {
        tracing::warn!(
            days_left,
            "the table's expiry is off: nothing leaves the table until it is switched on \
             again: docs/runbooks/expiry_stopped.md"
        );
    }
}
