//! What a warm process remembers of the movements that it wrote or saw, so that it need not ask the table again.
//!
//! Up to six events tell one movement. A telling that adds nothing to what is remembered needs no call, and one that adds something is an
//! update over the remembered version at once, without an insert that is refused and without the question what stands there.
//!
//! Invariant: an item is remembered only when the table answered that it was written or that it stands there, never when an answer was lost
//! or a write failed. An item in the table only rises and is never deleted, so what is remembered is never above what stands there, and the
//! table stays the guard: an update over a version that is no longer there is refused.
//!
//! The exception is a table that was restored to an earlier time: what was remembered before may not be in it. The functions must be started
//! anew afterwards, which any change of their configuration does.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use payment_event::TransactionKey;

use crate::stored::{StoredMoney, StoredMovement, StoredTransaction};

/// Movements that are remembered at most; less than a kilobyte of memory each.
pub const REMEMBERED_MAX: usize = 20_000;

/// What an item says of its movement. The item's other attributes are of the event that changed it last, which no later telling needs.
#[derive(Debug)]
struct Known {
    money: Option<StoredMoney>,
    problems: Vec<String>,
    movement: StoredMovement,
}

/// Two generations: when the younger one is full, it becomes the older one, and what was the older one is forgotten.
#[derive(Debug, Default)]
struct Generations {
    younger: HashMap<TransactionKey, Box<Known>>,
    older: HashMap<TransactionKey, Box<Known>>,
}

/// The movements that a process remembers, at most [`REMEMBERED_MAX`]. Kept from one invocation to the next.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<Generations>);

impl Remembered {
    /// The item of the movement that `telling` tells, as it is remembered, with the telling's attributes of its event.
    pub(crate) fn item(&self, telling: &StoredTransaction) -> Option<StoredTransaction> {
        let generations = self.generations();
        let known = generations.younger.get(&telling.key);
        let known = known.or_else(|| generations.older.get(&telling.key))?;
        Some(StoredTransaction {
            money: known.money.clone(),
            problems: known.problems.clone(),
            movement: Some(known.movement.clone()),
            ..telling.clone()
        })
    }

    /// Remembers an item of a movement that the table has: it was written, or the table answered with it. It replaces what was remembered,
    /// because the table was asked later.
    pub(crate) fn remember(&self, item: StoredTransaction) {
        let Some(movement) = item.movement else {
            return;
        };
        let known = Box::new(Known {
            money: item.money,
            problems: item.problems,
            movement,
        });
        let mut generations = self.generations();
        generations.older.remove(&item.key);
        generations.younger.insert(item.key, known);
        if generations.younger.len() >= REMEMBERED_MAX / 2 {
            generations.older = std::mem::take(&mut generations.younger);
        }
    }

    /// How many movements are remembered.
    pub fn len(&self) -> usize {
        let generations = self.generations();
        generations.younger.len() + generations.older.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each method leaves the maps whole, so a panic elsewhere does not spoil them.
    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
