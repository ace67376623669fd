//! The transactions table as it is read: items by key, items by payment; and the switch of its
//! expiry.

use std::collections::BTreeMap;

use payment_event::TransactionKey;

use super::StoreError;

/// Keys in one BatchGetItem call.
/// Source:
/// <https://aws-amplify.github.io/aws-sdk-android/docs/reference/com/amazonaws/services/dynamodbv2/model/BatchGetItemRequest.html>,
/// read 2026-11-28.
pub const READ_BATCH_KEYS_MAX: usize = 100;

/// An attribute of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `S`.
    Text(String),
    /// `N`, as text.
    Number(String),
    /// `M` of `S`.
    Texts(BTreeMap<String, String>),
    /// `L` of `S`.
    List(Vec<String>),
    /// Any other type: no attribute of a record has one.
    Other,
}

/// An item as the table holds it.
pub type Item = BTreeMap<String, Attribute>;

/// What one call for items answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemBatch {
    /// The items, in any order; keys at which nothing stands are left out.
    pub items: Vec<Item>,
    /// The keys that were put off and have to be asked for again.
    pub put_off: Vec<TransactionKey>,
}

/// The transactions table by key.
pub trait ItemReader {
    /// What stands at up to [`READ_BATCH_KEYS_MAX`] different keys, as it is now.
    fn read_batch(
        &self,
        keys: &[TransactionKey],
    ) -> impl Future<Output = Result<ItemBatch, StoreError>>;
}

/// The transactions table by payment.
pub trait PaymentReader {
    /// Everything that stands under a transaction id, events and movements, as it is now.
    fn items_of(&self, transaction_id: &str)
    -> impl Future<Output = Result<Vec<Item>, StoreError>>;
}

/// The expiry of the transactions table: DynamoDB deletes items whose `expires_at` is over.
pub trait Expiry {
    /// Returns true if nothing expires.
    fn is_stopped(&self) -> impl Future<Output = Result<bool, StoreError>>;

    /// Switches the expiry off. It stays off until a person switches it on.
    fn stop(&self) -> impl Future<Output = Result<(), StoreError>>;
}
