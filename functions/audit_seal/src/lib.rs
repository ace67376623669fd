//! Makes the audit log tamper-evident: a chain of signed digests over every object of it, and the proof.
//!
//! Invariant: no clock, no AWS SDK. A digest is signed over its exact text, names its predecessor by hash, and lists inventories by hash; an
//! inventory lists objects with version, size and SHA-256. Whoever has the public key can check all of it without AWS.
//!
//! Source: `ARCHITECTURE.md`, "Audit seal". [`seal::seal`] makes the next digest, [`verify::verify`] checks a range of days.

mod digest;
mod error;
mod inventory;
mod public_key;
pub mod seal;
mod sealed;
pub mod verify;

pub use digest::{Digest, InventoryReference};
pub use error::SealError;
pub use inventory::Entry;
pub use public_key::PublicKey;
pub use sealed::{Sealed, SealedInventory, sealed};
