//! Numbers from a seed.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// SplitMix64. Source: <https://prng.di.unimi.it/splitmix64.c>, read 2026-11-24.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `limit`; 0 for a limit of 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        match u64::try_from(limit) {
            Ok(limit @ 1..) => usize::try_from(self.next() % limit).unwrap_or_default(),
            _ => 0,
        }
    }

    /// Once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn shuffle<V>(&mut self, values: &mut [V]) {
        for place in (1..values.len()).rev() {
            values.swap(place, self.below(place + 1));
        }
    }
}

/// How often futures are polled at the most: longer than any of them takes.
pub(crate) const POLLS_MAX: usize = 20_000;

/// Polls two futures in an order of the seed's; `None` for one that never ends, as after a crash.
pub(crate) fn both<A, B>(
    random: &mut Random,
    a: impl Future<Output = A>,
    b: impl Future<Output = B>,
) -> (Option<A>, Option<B>) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..POLLS_MAX {
        if first.is_some() && second.is_some() {
            break;
        }
        if random.once_in(2) && first.is_none() {
            if let Poll::Ready(value) = a.as_mut().poll(&mut context) {
                first = Some(value);
            }
        } else if second.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(&mut context)
        {
            second = Some(value);
        }
    }
    (first, second)
}

/// Polls two futures that never end so many times, or until `over`.
pub(crate) fn interleaved(
    random: &mut Random,
    mut a: Pin<&mut impl Future<Output = ()>>,
    mut b: Pin<&mut impl Future<Output = ()>>,
    polls: usize,
    over: impl Fn() -> bool,
) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if over() {
            return;
        }
        let _ = match random.once_in(2) {
            true => a.as_mut().poll(&mut context),
            false => b.as_mut().poll(&mut context),
        };
    }
}

/// Polls one future that never ends so many times, or until `over`.
pub(crate) fn alone(
    mut future: Pin<&mut impl Future<Output = ()>>,
    polls: usize,
    over: impl Fn() -> bool,
) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if over() {
            return;
        }
        let _ = future.as_mut().poll(&mut context);
    }
}
