//! The transactions table of the day: pages are made when they are asked for, and a byte an item says what became of it.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use payment_event::TransactionKey;
use pipeline::plan::DATED_SHARDS;
use pipeline::storage::{
    Attribute, DELETE_BATCH_KEYS_MAX, Deadline, Item, Page, Pause, StoreError, TransactionIndex,
};

use crate::items::Items;

/// A page of a query ends after so many bytes of items.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html>, read 2026-11-25.
const PAGE_BYTES_MAX: usize = 1_048_576;

/// The low bits hold an item's shard.
const SHARD: u8 = 0x0f;
/// A part that holds the item was read back while its manifest was there.
const COPIED: u8 = 0x10;
/// Its delete came.
const DELETED: u8 = 0x20;
/// The check in the end has found it.
const FOUND: u8 = 0x40;

pub(crate) fn refused(cause: &str) -> StoreError {
    StoreError::Final {
        call: "bench",
        cause: cause.to_owned(),
    }
}

/// The table.
pub(crate) struct Table {
    pub(crate) items: Items,
    states: RefCell<Vec<u8>>,
    /// Items deleted so far.
    pub(crate) deleted: Cell<u64>,
    /// Deletes of items that no part had been read back of, and deletes of what was not there.
    pub(crate) wrong_deletes: Cell<u64>,
    /// Bytes of the items that were handed out, names and values, as DynamoDB counts them.
    pub(crate) item_bytes: Cell<u64>,
    /// Time that went into making items and checking deletes.
    pub(crate) own_time: Cell<Duration>,
}

/// Names and values, in UTF-8; a number is smaller in the table than its text.
fn bytes(item: &Item) -> usize {
    let value = |value: &Attribute| match value {
        Attribute::Text(text) => text.len(),
        Attribute::Number(text) => text.len().div_ceil(2) + 1,
        Attribute::Texts(texts) => {
            let sizes = texts.iter().map(|(name, text)| name.len() + text.len() + 1);
            sizes.sum::<usize>() + 3
        }
        Attribute::List(texts) => texts.iter().map(|text| text.len() + 1).sum::<usize>() + 3,
        Attribute::Other => 1,
    };
    item.iter().map(|(name, v)| name.len() + value(v)).sum()
}

impl Table {
    pub(crate) fn new(items: Items) -> Self {
        let shard = |number| {
            let shard = items.shard(number);
            let shard = shard.rsplit('#').next().and_then(|text| text.parse().ok());
            shard.unwrap_or(SHARD)
        };
        Self {
            items,
            states: RefCell::new((0..items.count).map(shard).collect()),
            deleted: Cell::default(),
            wrong_deletes: Cell::default(),
            item_bytes: Cell::default(),
            own_time: Cell::default(),
        }
    }

    /// Runs `work` on the clock of the table's own time.
    pub(crate) fn own<V>(&self, work: impl FnOnce() -> V) -> V {
        let start = Instant::now();
        let value = work();
        self.own_time.set(self.own_time.get() + start.elapsed());
        value
    }

    fn mark(&self, sort_key: &str, mark: u8, needed: u8) -> bool {
        let Some(number) = self.items.number(sort_key) else {
            return false;
        };
        let mut states = self.states.borrow_mut();
        let Some(state) = states.get_mut(number as usize) else {
            return false;
        };
        let before = std::mem::replace(state, *state | mark);
        before & needed == needed && before & mark == 0
    }

    /// A part with this item was read back while its manifest was there.
    pub(crate) fn copied(&self, sort_key: &str) {
        self.mark(sort_key, COPIED, 0);
    }

    /// The check in the end found this item in a part; `false` when it did so before.
    pub(crate) fn found(&self, sort_key: &str) -> bool {
        self.mark(sort_key, FOUND, 0)
    }

    fn query(&self, archive_shard: &str, after: Option<&TransactionKey>, limit: usize) -> Page {
        let shard = archive_shard.rsplit('#').next();
        let shard: u8 = shard.and_then(|text| text.parse().ok()).unwrap_or(SHARD);
        if shard >= DATED_SHARDS {
            return Page::default();
        }
        let from = after.and_then(|key| self.items.number(&key.timestamp));
        let from = from.map_or(0, |number| number as usize + 1);
        let (mut page, mut size) = (Page::default(), 0);
        let states = self.states.borrow();
        for (number, state) in (0..self.items.count).zip(states.iter()).skip(from) {
            if state & (SHARD | DELETED) != shard {
                continue;
            }
            let record = self.items.record(number);
            let item = record.item();
            size += bytes(&item);
            page.items.push(item);
            if page.items.len() == limit || size >= PAGE_BYTES_MAX {
                page.next = Some(record.key);
                break;
            }
        }
        self.item_bytes.set(self.item_bytes.get() + size as u64);
        page
    }
}

impl TransactionIndex for Table {
    async fn page(
        &self,
        archive_shard: &str,
        after: Option<&TransactionKey>,
        limit: Option<usize>,
    ) -> Result<Page, StoreError> {
        let limit = limit.unwrap_or(usize::MAX);
        Ok(self.own(|| self.query(archive_shard, after, limit)))
    }

    async fn delete(&self, keys: &[TransactionKey]) -> Result<Vec<TransactionKey>, StoreError> {
        if keys.is_empty() || keys.len() > DELETE_BATCH_KEYS_MAX {
            return Err(refused("ValidationException"));
        }
        self.own(|| {
            for key in keys {
                if !self.mark(&key.timestamp, DELETED, COPIED) {
                    self.wrong_deletes.set(self.wrong_deletes.get() + 1);
                }
                self.deleted.set(self.deleted.get() + 1);
            }
        });
        Ok(Vec::new())
    }
}

/// Nothing here has to be waited for.
impl Pause for Table {
    async fn before(&self, _attempt: u32) {}
}

/// The end of an invocation: when so many items were deleted in all.
pub(crate) struct Until<'t> {
    pub(crate) table: &'t Table,
    pub(crate) deleted: u64,
}

impl Deadline for Until<'_> {
    fn reached(&self) -> bool {
        self.table.deleted.get() >= self.deleted
    }
}
