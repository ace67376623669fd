//! What carries a name of the stack and is not the stack's: left over from one that was destroyed
//! or whose state was lost. A deploy would stop at the first of them.
//!
//! Source, a stored copy of which was read 2026-11-27:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html> (a
//! queue's name is free 60 seconds after it was deleted).

use aws_adapters::account::{Kind, Presence};

use crate::doctor::finding::{Finding, Known};
use crate::doctor::stack_facts::Named;
use crate::doctor::steps::NAMES_FREE;

/// A name and what has it.
pub(in crate::doctor) struct Leftover {
    pub(in crate::doctor) named: Named,
    pub(in crate::doctor) presence: Known<Presence>,
    /// Whether Pulumi's state has it; `None` when no state was given.
    pub(in crate::doctor) own: Option<bool>,
}

/// One finding for each name that is in the way or could not be looked for, one for all others.
/// Without Pulumi's state everything is the stack's own once its gateway is there.
pub(in crate::doctor) fn names_free(
    leftovers: &[Leftover],
    deployed: &Known<bool>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut free, mut own) = (0, 0);
    for leftover in leftovers {
        let finding = match &leftover.presence {
            Err(why) => Finding::unknown(&NAMES_FREE, why.as_str()),
            Ok(Presence::Absent) => {
                free += 1;
                continue;
            }
            Ok(presence) => {
                let is_own = leftover.own.map_or_else(|| deployed.clone(), Ok);
                match (is_own, presence) {
                    (Ok(true), Presence::Present) => {
                        own += 1;
                        continue;
                    }
                    (Err(why), Presence::Present) => Finding::unknown(
                        &NAMES_FREE,
                        format!(
                            "it is there, but whether a stack with this suffix is deployed is \
                             not known: {why}"
                        ),
                    ),
                    (_, presence) => Finding::fail(&NAMES_FREE, remedy(&leftover.named, *presence)),
                }
            }
        };
        findings.push(finding.about(&leftover.named.name));
    }
    if free + own > 0 {
        let says = match own {
            0 => format!("{free} names are free"),
            own => format!(
                "a stack with this suffix is deployed: {own} names are its own, {free} are free"
            ),
        };
        findings.insert(0, Finding::pass(&NAMES_FREE, says));
    }
    findings
}

/// How the name becomes free. What holds data is looked into first.
fn remedy(named: &Named, presence: Presence) -> String {
    let name = &named.name;
    match (named.kind, presence) {
        (_, Presence::Leaving) => format!(
            "the secret is on its way out and keeps its name until then: aws secretsmanager \
             delete-secret --secret-id {name} \
             --force-delete-without-recovery, once nobody needs its value"
        ),
        (_, Presence::Foreign) => format!(
            "bucket {name} is another account's, or may not be looked at: take another \
             environment_suffix"
        ),
        (Kind::Table, _) => format!(
            "a table of an earlier stack: keep what is in it (aws dynamodb \
             export-table-to-point-in-time), then aws dynamodb \
             delete-table --table-name {name}"
        ),
        (Kind::Queue, _) => format!(
            "a queue of an earlier stack: look what waits in it, then aws sqs delete-queue with \
             its URL (aws sqs get-queue-url \
             --queue-name {name}), and wait 60 s"
        ),
        (Kind::Function, _) => format!(
            "a function of an earlier stack: aws lambda delete-function --function-name {name}"
        ),
        (Kind::LogGroup, _) => format!(
            "a log group of an earlier stack: keep what is needed of it, then aws logs \
             delete-log-group --log-group-name {name}"
        ),
        (Kind::Bucket, _) => format!(
            "a bucket of an earlier stack: it may hold an audit log; copy it, then aws s3 rb \
             s3://{name}, or take another \
             environment_suffix"
        ),
        (Kind::Secret, _) => format!(
            "a secret of an earlier stack: aws secretsmanager delete-secret --secret-id {name} \
             --force-delete-without-recovery, \
             once its value is kept elsewhere"
        ),
        (Kind::Alias, _) => format!(
            "an alias of an earlier stack's key: what the key encrypted is lost without it; aws \
             kms delete-alias --alias-name {name}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Outcome;

    fn leftover(kind: Kind, name: &str, presence: Known<Presence>, own: Option<bool>) -> Leftover {
        Leftover {
            named: Named {
                kind,
                name: name.to_owned(),
            },
            presence,
            own,
        }
    }

    fn names(leftovers: Vec<Leftover>, deployed: Known<bool>) -> Vec<Finding> {
        names_free(&leftovers, &deployed)
    }

    #[test]
    fn every_kind_of_leftover_says_how_it_goes_away() {
        for (kind, presence, words) in [
            (Kind::Table, Presence::Present, "delete-table"),
            (Kind::Queue, Presence::Present, "delete-queue"),
            (Kind::Function, Presence::Present, "delete-function"),
            (Kind::LogGroup, Presence::Present, "delete-log-group"),
            (Kind::Bucket, Presence::Present, "s3 rb"),
            (
                Kind::Bucket,
                Presence::Foreign,
                "another environment_suffix",
            ),
            (Kind::Secret, Presence::Present, "delete-secret"),
            (Kind::Secret, Presence::Leaving, "on its way out"),
            (Kind::Alias, Presence::Present, "delete-alias"),
        ] {
            let found = names(
                vec![leftover(kind, "name_dev", Ok(presence), None)],
                Ok(false),
            );
            let [finding] = found.as_slice() else {
                unreachable!("{found:?}");
            };
            assert_eq!(
                (finding.step, finding.outcome),
                (NAMES_FREE.id, Outcome::Fail)
            );
            assert_eq!(finding.subject, "name_dev");
            assert!(finding.says.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn a_deployed_stack_is_no_leftover() {
        let table = |own| leftover(Kind::Table, "t_dev", Ok(Presence::Present), own);
        let free = || leftover(Kind::Queue, "q_dev", Ok(Presence::Absent), None);
        let outcomes = |found: Vec<Finding>| -> Vec<Outcome> {
            found.into_iter().map(|finding| finding.outcome).collect()
        };
        // Without a state the gateway tells.
        let found = names(vec![table(None), free()], Ok(true));
        assert!(
            found[0]
                .says
                .contains("a stack with this suffix is deployed: 1 names"),
            "{found:?}"
        );
        assert_eq!(outcomes(found), [Outcome::Pass]);
        // Nobody knows.
        let found = names(vec![table(None)], Err("denied".to_owned()));
        assert_eq!(outcomes(found), [Outcome::CouldNotTell]);
        // A first deploy that broke off before its gateway was made goes on.
        assert_eq!(
            outcomes(names(vec![table(Some(true))], Ok(false))),
            [Outcome::Pass]
        );
        // The state does not know what is there, gateway or not.
        assert_eq!(
            outcomes(names(vec![table(Some(false))], Ok(true))),
            [Outcome::Fail]
        );
        // A secret on its way out keeps its name even of a deployed stack.
        let leaving = leftover(Kind::Secret, "s_dev", Ok(Presence::Leaving), Some(true));
        assert_eq!(outcomes(names(vec![leaving], Ok(true))), [Outcome::Fail]);
    }
}
