//! `payhook payments fold`: what requests come to, without a cloud.
//!
//! Invariant: the requests are judged by the code that the function judges by, and folded as pure data;
//! their order and repetitions change nothing.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use payment_event::{CurrencyCode, Ledger, PaymentState, Problem, ToldPayment};
use serde::Serialize;

use crate::error::Error;
use crate::lines::lines;
use crate::verify::judge;

/// A payment as a line. Amounts are minor units; `null` where money moved and no amount was told.
#[derive(Serialize)]
pub(crate) struct Line<'p> {
    provider: &'p str,
    transaction_id: &'p str,
    currency: Option<CurrencyCode>,
    exponent: Option<u8>,
    authorised: Option<i128>,
    captured: Option<i128>,
    refunded: Option<i128>,
    disputed: Option<i128>,
    paid_out: Option<i128>,
    state: PaymentState,
    problems: &'p BTreeSet<Problem>,
}

impl<'p> Line<'p> {
    /// The line of a payment.
    pub(crate) fn of(told: &'p ToldPayment) -> Self {
        let payment = &told.payment;
        Self {
            provider: &told.provider,
            transaction_id: &told.transaction_id,
            currency: payment.currency,
            exponent: payment.exponent,
            authorised: payment.authorised,
            captured: payment.captured,
            refunded: payment.refunded,
            disputed: payment.disputed,
            paid_out: payment.paid_out,
            state: payment.state,
            problems: &payment.problems,
        }
    }
}

/// Folds every line of `input`. A line that cannot be judged or is not believed tells nothing; it is named on standard error.
///
/// # Errors
/// Input that cannot be read, output that cannot be written.
pub(super) fn run(input: impl BufRead, output: &mut impl Write) -> Result<(), Error> {
    let mut ledger = Ledger::default();
    for (position, line) in lines(input).enumerate() {
        let answer = judge(&line?.bytes);
        if let Some(reason) = answer.reason {
            // Without standard error there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "line {}: {reason}", position + 1);
        }
        answer.events.iter().for_each(|event| ledger.add(event));
    }
    for payment in ledger.payments() {
        serde_json::to_writer(&mut *output, &Line::of(&payment))
            .map_err(std::io::Error::from)
            .and_then(|()| output.write_all(b"\n"))
            .map_err(Error::Output)?;
    }
    Ok(())
}
