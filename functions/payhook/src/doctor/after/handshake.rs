//! Asks as a provider does that wants to know whether the endpoint is ours.

use hyper::Method;
use hyper::body::Bytes;
use provider_webhooks::Handshake;

use super::door::{Door, Letter};
use crate::doctor::finding::Finding;
use crate::doctor::steps::HANDSHAKE_ANSWERED;
use crate::send::plan::Signer;

/// Of the form of Braintree's: 20 to 32 hexadecimal digits.
const CHALLENGE: &str = "0123456789abcdef0123456789abcdef";

/// Asks and judges.
pub(super) async fn finding(door: &Door, signer: &Signer, key: &str) -> Finding {
    let info = signer.info;
    let parameter = info.handshake.as_ref().map_or("", |h| h.parameter);
    let query = match parameter {
        "" => String::new(),
        parameter => format!("{parameter}={CHALLENGE}"),
    };
    let letter = Letter {
        method: Method::GET,
        query: &query,
        ..Letter::post(info.name, Some(key), "")
    };
    let answer = door.knock(letter).await;
    let answer = answer.map(|answer| (answer.status, answer.body));
    judged(info.handshake.as_ref(), signer, answer).about(info.name)
}

fn judged(
    handshake: Option<&Handshake>,
    signer: &Signer,
    answer: Result<(u16, Bytes), String>,
) -> Finding {
    let step = &HANDSHAKE_ANSWERED;
    let (status, body) = match answer {
        Err(why) => return Finding::unknown(step, format!("no answer: {why}")),
        Ok((429, _)) => {
            return Finding::unknown(step, "one a second goes through (429): try again later");
        }
        Ok(answer) => answer,
    };
    let Some(handshake) = handshake else {
        return match status {
            404 => Finding::pass(step, "404: it has none"),
            status => Finding::fail(
                step,
                format!(
                    "{status} to a provider without a handshake, not 404: {}",
                    remedy(status)
                ),
            ),
        };
    };
    let expected = match handshake.parameter {
        "" => None,
        _ => (handshake.answer_to)(CHALLENGE, &signer.secrets),
    };
    match (status, expected) {
        (200, Some(expected)) if body != expected.as_bytes() => Finding::fail(
            step,
            "the challenge is answered with another secret's signature: put the secret that was \
             signed with here into the stack's",
        ),
        (200, _) => Finding::pass(step, "200"),
        (status, _) => Finding::fail(step, format!("{status}, not 200: {}", remedy(status))),
    }
}

fn remedy(status: u16) -> &'static str {
    match status {
        400 => {
            "the stack's secret cannot answer the challenge: see its form with payhook providers \
             NAME"
        }
        403 => "the API key is refused: payhook keys list",
        500.. => {
            "the function did not answer: see its log, and whether all its executions were busy"
        }
        _ => "pulumi up brings the gateway's routes up to date",
    }
}

#[cfg(test)]
mod tests {
    use provider_webhooks::{providers, sample_secrets};

    use super::*;
    use crate::doctor::finding::Outcome;

    fn judged_as(provider: &str, answer: Result<(u16, &str), &str>) -> Finding {
        let info = providers::by_name(provider).unwrap().info();
        let signer = Signer {
            info,
            secrets: sample_secrets(info, 1),
        };
        let answer = answer.map(|(status, body)| (status, Bytes::from(body.to_owned())));
        judged(
            info.handshake.as_ref(),
            &signer,
            answer.map_err(str::to_owned),
        )
    }

    #[test]
    fn every_answer_has_a_finding() {
        let info = providers::by_name("braintree").unwrap().info();
        let handshake = info.handshake.as_ref().unwrap();
        let right = (handshake.answer_to)(CHALLENGE, &sample_secrets(info, 1)).unwrap();
        for (provider, answer, outcome, words) in [
            ("braintree", Ok((200, right.as_str())), Outcome::Pass, "200"),
            (
                "braintree",
                Ok((200, "other|1")),
                Outcome::Fail,
                "another secret",
            ),
            ("braintree", Ok((400, "")), Outcome::Fail, "cannot answer"),
            ("cybersource", Ok((200, "{}")), Outcome::Pass, "200"),
            ("cybersource", Ok((403, "")), Outcome::Fail, "keys list"),
            ("cybersource", Ok((503, "")), Outcome::Fail, "busy"),
            ("stripe", Ok((404, "")), Outcome::Pass, "404"),
            ("stripe", Ok((200, "")), Outcome::Fail, "not 404"),
            ("stripe", Ok((429, "")), Outcome::CouldNotTell, "429"),
            ("stripe", Err("reset"), Outcome::CouldNotTell, "reset"),
        ] {
            let finding = judged_as(provider, answer);
            assert_eq!(finding.outcome, outcome, "{provider}: {finding:?}");
            assert!(finding.says.contains(words), "{provider}: {finding:?}");
        }
    }
}
