//! Sending back: first to whoever shall have it, then out of the queue in which it rests.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::view::Seen;
use crate::error::Error;

/// Where messages rest, and their way back.
pub(super) trait Resting {
    /// Hands a message to whoever shall have it.
    async fn back(&self, one: &Seen) -> Result<(), Error>;
    /// Takes it out of where it rests.
    async fn delete(&self, one: &Seen) -> Result<(), Error>;
    /// Lets others see it again.
    async fn release(&self, one: &Seen) -> Result<(), Error>;
}

/// How it went.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) sent: usize,
    pub(super) failed: usize,
    /// Why the first one failed.
    pub(super) cause: Option<Error>,
}

/// Sends each message back, `rate` a second. The first failure ends it: the others are given back, since what failed for one will fail for them.
pub(super) async fn send_back(rest: &impl Resting, chosen: &[Seen], rate: u32) -> Outcome {
    let mut outcome = Outcome::default();
    let gap = Duration::from_secs(1) / rate.max(1);
    let mut next = Instant::now();
    for one in chosen {
        if outcome.cause.is_none() {
            sleep_until(next).await;
            next += gap;
            // Taken out only after it has arrived. What is delivered twice is stored and counted once; what is lost is lost.
            let gone = match rest.back(one).await {
                Ok(()) => rest.delete(one).await,
                Err(error) => Err(error),
            };
            match gone {
                Ok(()) => outcome.sent += 1,
                Err(error) => {
                    outcome.failed += 1;
                    outcome.cause = Some(error);
                }
            }
        } else {
            outcome.failed += 1;
        }
        if outcome.cause.is_some() {
            // It is seen again by itself where this fails, too.
            let _ = rest.release(one).await;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::view::tests::seen;
    use super::*;

    /// Writes down what is done; the message of this number cannot be sent, or cannot be deleted.
    #[derive(Default)]
    struct Script {
        done: RefCell<Vec<String>>,
        back_fails: Option<&'static str>,
        delete_fails: Option<&'static str>,
    }

    impl Script {
        fn call(&self, what: &str, one: &Seen, fails: Option<&str>) -> Result<(), Error> {
            self.done
                .borrow_mut()
                .push(format!("{what} {}", one.message.message_id));
            if fails == Some(one.message.message_id.as_str()) {
                return Err(Error::NoMessage);
            }
            Ok(())
        }
    }

    impl Resting for Script {
        async fn back(&self, one: &Seen) -> Result<(), Error> {
            self.call("back", one, self.back_fails)
        }
        async fn delete(&self, one: &Seen) -> Result<(), Error> {
            self.call("delete", one, self.delete_fails)
        }
        async fn release(&self, one: &Seen) -> Result<(), Error> {
            self.call("release", one, None)
        }
    }

    fn run(script: &Script) -> (usize, usize, Vec<String>) {
        let chosen: Vec<Seen> = ["1", "2", "3"].map(seen).into();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let outcome = runtime
            .unwrap()
            .block_on(send_back(script, &chosen, 1_000_000));
        (outcome.sent, outcome.failed, script.done.take())
    }

    #[test]
    fn each_is_deleted_after_it_has_arrived() {
        let (sent, failed, done) = run(&Script::default());
        assert_eq!((sent, failed), (3, 0));
        assert_eq!(
            done,
            [
                "back 1", "delete 1", "back 2", "delete 2", "back 3", "delete 3"
            ]
        );
    }

    #[test]
    fn what_did_not_arrive_is_not_deleted_and_the_rest_is_left_alone() {
        let script = Script {
            back_fails: Some("2"),
            ..Script::default()
        };
        let (sent, failed, done) = run(&script);
        assert_eq!((sent, failed), (1, 2));
        assert_eq!(
            done,
            ["back 1", "delete 1", "back 2", "release 2", "release 3"]
        );
    }

    #[test]
    fn what_cannot_be_deleted_comes_back_and_is_said() {
        let script = Script {
            delete_fails: Some("1"),
            ..Script::default()
        };
        let (sent, failed, done) = run(&script);
        assert_eq!((sent, failed), (0, 3));
        assert_eq!(done[..3], ["back 1", "delete 1", "release 1"]);
    }
}
