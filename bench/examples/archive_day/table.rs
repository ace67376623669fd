//! The transactions table of the day: items are made when they are asked for, and a byte an item
//! says what became of it.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use payment_event::TransactionKey;
use pipeline::storage::{
    Attribute, Deadline, Item, ItemBatch, ItemReader, Pause, READ_BATCH_KEYS_MAX, StoreError,
};

use crate::items::Items;

/// A part that holds the item was read back while its manifest was there.
const COPIED: u8 = 1;
/// The check in the end has found it.
const FOUND: u8 = 2;

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
    /// Items handed out so far.
    pub(crate) read: Cell<u64>,
    /// Bytes of the items that were handed out, names and values, as DynamoDB counts them.
    pub(crate) item_bytes: Cell<u64>,
    /// Time that went into making items and objects.
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
        Self {
            items,
            states: RefCell::new(vec![0; items.count as usize]),
            read: Cell::default(),
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

    /// Returns true if the item was not marked so before.
    fn mark(&self, sort_key: &str, mark: u8) -> bool {
        let Some(number) = self.items.number(sort_key) else {
            return false;
        };
        let mut states = self.states.borrow_mut();
        let Some(state) = states.get_mut(number as usize) else {
            return false;
        };
        let before = std::mem::replace(state, *state | mark);
        before & mark == 0
    }

    /// A part with this item was read back while its manifest was there.
    pub(crate) fn copied(&self, sort_key: &str) {
        self.mark(sort_key, COPIED);
    }

    /// The check in the end found this item in a part; `false` when it did so before.
    pub(crate) fn found(&self, sort_key: &str) -> bool {
        self.mark(sort_key, FOUND)
    }

    /// How many items no part was read back of.
    pub(crate) fn uncopied(&self) -> u64 {
        let states = self.states.borrow();
        states.iter().filter(|state| **state & COPIED == 0).count() as u64
    }
}

impl ItemReader for Table {
    async fn read_batch(&self, keys: &[TransactionKey]) -> Result<ItemBatch, StoreError> {
        if keys.is_empty() || keys.len() > READ_BATCH_KEYS_MAX {
            return Err(refused("ValidationException"));
        }
        self.own(|| {
            let numbers = keys
                .iter()
                .filter_map(|key| self.items.number(&key.timestamp));
            let items: Vec<Item> = numbers.map(|n| self.items.record(n).item()).collect();
            let size: usize = items.iter().map(bytes).sum();
            self.item_bytes.set(self.item_bytes.get() + size as u64);
            self.read.set(self.read.get() + items.len() as u64);
            Ok(ItemBatch {
                items,
                put_off: Vec::new(),
            })
        })
    }
}

/// Nothing here has to be waited for.
impl Pause for Table {
    async fn before(&self, _attempt: u32) {}
}

/// The end of an invocation: when so many items were read in all.
pub(crate) struct Until<'t> {
    pub(crate) table: &'t Table,
    pub(crate) read: u64,
}

impl Deadline for Until<'_> {
    fn reached(&self) -> bool {
        self.table.read.get() >= self.read
    }
}
