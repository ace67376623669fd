//! The transactions table by archive shard: what is stored of one day of receipt, and its removal.

use std::collections::BTreeMap;

use payment_event::TransactionKey;

use super::StoreError;

/// Deletes in one BatchWriteItem call.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>, read 2026-11-24.
pub const DELETE_BATCH_KEYS_MAX: usize = 25;

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

/// Some items of a shard, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The items, in the order of the index.
    pub items: Vec<Item>,
    /// The last key of the page, when there may be more behind it.
    pub next: Option<TransactionKey>,
}

/// The index of the transactions table over `archive_shard`.
pub trait TransactionIndex {
    /// The items of `archive_shard` after `after`, at most `limit` of them where one is given.
    fn page(
        &self,
        archive_shard: &str,
        after: Option<&TransactionKey>,
        limit: Option<usize>,
    ) -> impl Future<Output = Result<Page, StoreError>>;

    /// Deletes up to [`DELETE_BATCH_KEYS_MAX`] items; the keys that were put off. Deleting what is not there is no error.
    fn delete(
        &self,
        keys: &[TransactionKey],
    ) -> impl Future<Output = Result<Vec<TransactionKey>, StoreError>>;
}

/// The transactions table by payment.
pub trait PaymentReader {
    /// Everything that stands under a transaction id, events and movements, as it is now.
    fn items_of(&self, transaction_id: &str)
    -> impl Future<Output = Result<Vec<Item>, StoreError>>;
}

/// The movements of the transactions table.
pub trait MovementReader {
    /// The items that stand at these keys, in any order; those that are not there are left out.
    fn movements(
        &self,
        keys: &[TransactionKey],
    ) -> impl Future<Output = Result<Vec<Item>, StoreError>>;
}
