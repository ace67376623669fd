//! Counts steps of work in tests, which show with them that the work grows no faster than the
//! text.
//!
//! Outside tests nothing is counted and the calls cost nothing.

#[cfg(not(test))]
pub(crate) const fn count(_steps: usize) {}

#[cfg(test)]
pub(crate) use counting::{count, during};

#[cfg(test)]
mod counting {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn count(steps: usize) {
        STEPS.set(STEPS.get() + steps);
    }

    /// Returns the number of steps that `work` takes on this thread.
    pub(crate) fn during(work: impl FnOnce()) -> usize {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    }
}
