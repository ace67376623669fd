//! What every part of payhook agrees on: the event, its money and its identifiers.
//!
//! Invariant: pure data. No clock, no I/O, no provider knowledge. The JSON form of [`PaymentEvent`] is what
//! `payhook verify` prints and what the audit log keeps, so its field names are a stable interface.

mod event;
mod identifier;
mod ledger;
mod money;
mod movement;
mod payment;
mod problem;
mod status;

pub use event::{PaymentEvent, TransactionKey, UNDATED, sort_key};
pub use identifier::{IDENTIFIER_BYTES_MAX, Identifier, IdentifierError};
pub use ledger::{Ledger, PAYMENT_ROLES, Told as ToldPayment};
pub use money::{Amount, CURRENCY_BYTES_MAX, CurrencyCode, ExponentSource, MinorUnits, MoneyError};
pub use movement::{MOVEMENT, Movement, MovementKind, MovementState, Stage, Tells, Told};
pub use payment::{Payment, PaymentState};
pub use problem::Problem;
pub use status::PaymentStatus;
