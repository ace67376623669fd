//! The secrets of a batch's providers are read before it is judged, some at a time and each once.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::task::Poll;

use provider_webhooks::{Secrets, providers};

use super::support::*;
use crate::judge::{Judge, Judgement};
use crate::memory::{Memory, to_the_end};
use crate::message::IncomingMessage;
use crate::storage::{SecretStore, StoreError};

/// Answers a call when it is asked for the second time, and counts the calls that wait.
#[derive(Default)]
struct Slow {
    waiting: Cell<usize>,
    most_waiting: Cell<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl SecretStore for Slow {
    async fn secrets(&self, provider: &'static str) -> Result<Arc<Secrets>, StoreError> {
        self.asked.borrow_mut().push(provider);
        self.waiting.set(self.waiting.get() + 1);
        self.most_waiting
            .set(self.most_waiting.get().max(self.waiting.get()));
        let mut asked_before = false;
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            match std::mem::replace(&mut asked_before, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        self.waiting.set(self.waiting.get() - 1);
        Ok(Arc::new(secrets(provider)))
    }

    async fn refreshed(&self, _: &'static str) -> Result<Option<Arc<Secrets>>, StoreError> {
        Ok(None)
    }
}

#[test]
fn the_secrets_of_a_batch_are_read_four_at_a_time_and_each_once() {
    // Whose certificate is fetched is judged in two rounds.
    let infos = providers::ALL.iter().map(|provider| provider.info());
    let others = infos.filter(|info| info.certificate_url.is_none());
    let mut names: Vec<_> = others.map(|info| info.name).collect();
    let store = Slow::default();
    let certificates = Memory::new();
    let messages: Vec<_> = (1..)
        .zip(names.iter().chain(&names))
        .map(|(n, name)| genuine(name, n, &format!("m{n}")))
        .collect();
    let batch: Vec<IncomingMessage<'_>> = messages.iter().map(Queued::incoming).collect();
    let mut judge = Judge::new(&store, &certificates);
    for _ in 0..2 {
        let judged = to_the_end(judge.judge_all(&batch)).unwrap();
        let accepted = |one: &Judgement| matches!(one, Judgement::Accepted(_));
        assert!(judged.iter().all(accepted), "{judged:?}");
    }
    let mut asked = store.asked.into_inner();
    asked.sort_unstable();
    names.sort_unstable();
    assert_eq!(asked, names);
    assert_eq!(store.most_waiting.get(), 4);
}
