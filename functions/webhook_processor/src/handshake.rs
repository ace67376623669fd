//! A provider asks whether the endpoint is ours, before it sends: the gateway hands such a GET to this function, which knows the secrets.
//!
//! Invariant: nothing is stored and nothing of the request is logged but the provider's name. What is signed is only what the provider's file lets through as a challenge.
//! Source of the form: <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>, read 2026-11-26.

use std::collections::BTreeMap;

use pipeline::storage::SecretStore;
use provider_webhooks::providers;
use serde::{Deserialize, Serialize};

/// What the gateway is to answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpAnswer {
    status_code: u16,
    headers: BTreeMap<&'static str, &'static str>,
    body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    http_method: String,
    path_parameters: Option<BTreeMap<String, String>>,
    query_string_parameters: Option<BTreeMap<String, String>>,
}

impl HttpAnswer {
    fn new(status_code: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self {
            status_code,
            headers: [
                ("content-type", content_type),
                ("cache-control", "no-store"),
            ]
            .into(),
            body: body.into(),
        }
    }

    fn refusal(status_code: u16, error: &str, message: &str) -> Self {
        let body = serde_json::json!({ "accepted": false, "error": error, "message": message });
        Self::new(status_code, "application/json", body.to_string())
    }
}

/// The answer to a GET of a provider; `None` when the event is nothing of the kind.
pub(crate) async fn answer(event: &str, secrets: &impl SecretStore) -> Option<HttpAnswer> {
    let request: Request = serde_json::from_str(event).ok()?;
    if request.http_method != "GET" {
        return None;
    }
    let parameters = request.path_parameters.unwrap_or_default();
    let known = parameters
        .get("provider")
        .and_then(|name| providers::by_name(name))
        .filter(|provider| secrets.serves(provider.info().name));
    let Some((info, handshake)) = known
        .map(|provider| provider.info())
        .and_then(|info| Some((info, info.handshake.as_ref()?)))
    else {
        return Some(HttpAnswer::refusal(
            404,
            "no_handshake",
            "nothing is read here: send webhooks by POST",
        ));
    };
    let query = request.query_string_parameters.unwrap_or_default();
    let challenge = match (handshake.parameter, query.get(handshake.parameter)) {
        ("", _) => {
            let acknowledgement = &info.acknowledgement;
            return Some(HttpAnswer::new(
                200,
                acknowledgement.content_type,
                acknowledgement.body,
            ));
        }
        (_, Some(challenge)) => challenge,
        (parameter, None) => {
            let message = format!("the challenge is missing: ?{parameter}=…");
            return Some(HttpAnswer::refusal(400, "bad_request", &message));
        }
    };
    let unavailable = || HttpAnswer::refusal(503, "unavailable", "not answered: ask again");
    Some(match secrets.secrets(info.name).await {
        Err(error) => {
            tracing::error!(provider = info.name, %error, "handshake of {} not answered: {error}", info.name);
            unavailable()
        }
        Ok(secrets) => match (handshake.answer_to)(challenge, &secrets) {
            Some(text) => {
                tracing::info!(provider = info.name, "handshake of {} answered", info.name);
                HttpAnswer::new(200, "text/plain", text)
            }
            None => {
                tracing::warn!(
                    provider = info.name,
                    "handshake of {} refused: the challenge is not of its form, or the secret is not set",
                    info.name
                );
                HttpAnswer::refusal(400, "bad_request", "the challenge cannot be answered")
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use pipeline::memory::Memory;
    use provider_webhooks::Secrets;
    use serde_json::json;

    use super::*;

    // Source: braintree-python tests/unit/test_webhooks.py, read 2026-11-25.
    const CHALLENGE: &str = "20f9f8ed05f77439fe955c977e4c8a53";

    fn memory() -> Memory {
        let memory = Memory::default();
        let pair = "integration_public_key|integration_private_key".to_owned();
        memory.set_secrets("braintree", Secrets::new([pair], None));
        memory
    }

    fn get(provider: &str, query: &serde_json::Value) -> HttpAnswer {
        let event = json!({
            "httpMethod": "GET", "path": format!("/webhook/{provider}"), "headers": {"x-api-key": "k"},
            "pathParameters": {"provider": provider}, "queryStringParameters": query, "body": null,
        });
        block_on(answer(&event.to_string(), &memory())).unwrap()
    }

    #[test]
    fn a_challenge_is_answered() {
        let answer = get("braintree", &json!({ "bt_challenge": CHALLENGE }));
        assert_eq!(answer.status_code, 200);
        assert_eq!(answer.headers["content-type"], "text/plain");
        assert_eq!(
            answer.body,
            "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"
        );
    }

    #[test]
    fn a_health_check_is_answered() {
        let answer = get("cybersource", &json!(null));
        assert_eq!(
            (answer.status_code, answer.body.as_str()),
            (200, "{\"accepted\":true}")
        );
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        let cases = [
            ("braintree", json!(null), 400),
            ("braintree", json!({"bt_challenge": "<xml/>"}), 400),
            ("braintree", json!({ "other": CHALLENGE }), 400),
            ("stripe", json!(null), 404),
            ("nobody", json!(null), 404),
        ];
        for (provider, query, status) in cases {
            let answer = get(provider, &query);
            assert_eq!(answer.status_code, status, "{provider} {query}");
            assert!(answer.body.contains("\"accepted\":false"));
            assert!(!answer.body.contains("integration_p"));
        }
    }

    #[test]
    fn what_is_no_get_is_nothing_of_this() {
        for event in [
            "{}",
            "{\"Records\":[]}",
            "nonsense",
            "{\"httpMethod\":\"POST\"}",
        ] {
            assert_eq!(block_on(answer(event, &memory())), None, "{event}");
        }
    }
}
