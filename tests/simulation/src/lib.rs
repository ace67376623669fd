//! One life of payhook by seed: webhooks of a few days go through ingest, stream, count, archive and seal, over storage in memory that fails.
//!
//! Invariant: no wall clock and no randomness but the seed's. What a seed finds, it finds again.
//! [`run`] lives one life and checks it; its error says what is wrong.

mod checks;
mod life;
mod lives;
mod messages;
mod random;

pub use life::{Counts, run};
