//! Knocks at the endpoint as a provider, as a stranger and past the edge, and judges the answers.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request};

use super::tls;
use crate::doctor::finding::Finding;
use crate::doctor::steps::{
    BODY_OVER_LIMIT_IS_413, EMPTY_BODY_IS_400, NO_API_KEY_IS_403, PAST_THE_EDGE_IS_403, Step,
    TLS_FROM_1_2, UNKNOWN_MEDIA_TYPE_IS_415, WRONG_API_KEY_IS_403,
};
use crate::error::Error;
use crate::send::api_keys::{KeyPlace, header};
use crate::send::post::{AnyClient, Exchange, HeaderNames};

/// API Gateway's keys have 20 to 128 characters. Source, a stored copy of which was read
/// 2026-11-27:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>.
const KEY_LENGTH: usize = 40;
/// Nobody sends it.
const UNKNOWN_MEDIA_TYPE: &str = "application/vnd.payhook.doctor";

/// What is sent.
pub(super) struct Letter<'l> {
    pub(super) method: Method,
    pub(super) provider: &'l str,
    pub(super) key: Option<&'l str>,
    pub(super) content_type: &'l str,
    pub(super) headers: &'l [(String, String)],
    /// Behind a `?`; empty for none.
    pub(super) query: &'l str,
    pub(super) body: Vec<u8>,
    pub(super) names: HeaderNames,
}

impl<'l> Letter<'l> {
    /// A POST of a body.
    pub(super) fn post(provider: &'l str, key: Option<&'l str>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: Method::POST,
            provider,
            key,
            content_type: "application/json",
            headers: &[],
            query: "",
            body: body.into(),
            names: HeaderNames::LowerCase,
        }
    }
}

/// The endpoint.
pub(super) struct Door {
    endpoint: String,
    /// The gateway's own address; `None` when nobody knows it.
    gateway: Option<String>,
    lower_case: AnyClient,
    title_case: AnyClient,
}

impl Door {
    /// The endpoint that providers are given, and the gateway's own.
    ///
    /// # Errors
    /// [`Error::Endpoint`], or no trusted certificates.
    pub(super) fn new(endpoint: &str, gateway: Option<String>) -> Result<Self, Error> {
        let uri: hyper::Uri = endpoint.parse().map_err(|_| Error::Endpoint)?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if !matches!(scheme, "http" | "https") || uri.host().is_none() || uri.query().is_some() {
            return Err(Error::Endpoint);
        }
        let https = scheme == "https";
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            gateway: gateway.map(|url| url.trim_end_matches('/').to_owned()),
            lower_case: AnyClient::new(https, HeaderNames::LowerCase)?,
            title_case: AnyClient::new(https, HeaderNames::TitleCase)?,
        })
    }

    /// Whether an edge stands before the gateway; `None` when nobody knows.
    fn has_edge(&self) -> Option<bool> {
        self.gateway
            .as_ref()
            .map(|gateway| *gateway != self.endpoint)
    }

    /// Where the key goes: into the address, as providers have it, where an edge takes it from it.
    fn key_place(&self) -> KeyPlace {
        match self.has_edge() {
            Some(true) => KeyPlace::Path,
            _ => KeyPlace::Header,
        }
    }

    /// Sends it and hands on what came back.
    pub(super) async fn knock(&self, letter: Letter<'_>) -> Result<Exchange, String> {
        self.knock_at(&self.endpoint, self.key_place(), letter)
            .await
    }

    async fn knock_at(
        &self,
        base: &str,
        place: KeyPlace,
        letter: Letter<'_>,
    ) -> Result<Exchange, String> {
        let client = match letter.names {
            HeaderNames::LowerCase => &self.lower_case,
            HeaderNames::TitleCase => &self.title_case,
        };
        let request = request(base, place, letter).map_err(|error| error.to_string())?;
        client.exchange(request).await
    }

    /// The refusals that every stack owes. `provider` and `key` are one whose webhooks are taken.
    pub(super) async fn refusals(
        &self,
        provider: &str,
        key: &str,
        body_bytes_max: usize,
    ) -> Vec<Finding> {
        let wrong = "x".repeat(KEY_LENGTH);
        let plain = |key| Letter::post(provider, key, "{}");
        let too_long = Letter::post(provider, Some(key), vec![b' '; body_bytes_max + 1]);
        let other_type = Letter {
            content_type: UNKNOWN_MEDIA_TYPE,
            ..plain(Some(key))
        };
        let empty = Letter::post(provider, Some(key), Vec::new());
        let mut findings = Vec::new();
        for (step, letter, status) in [
            (&NO_API_KEY_IS_403, plain(None), 403),
            (&WRONG_API_KEY_IS_403, plain(Some(&wrong)), 403),
            (&EMPTY_BODY_IS_400, empty, 400),
            (&BODY_OVER_LIMIT_IS_413, too_long, 413),
            (&UNKNOWN_MEDIA_TYPE_IS_415, other_type, 415),
        ] {
            let answer = self.knock(letter).await;
            findings.push(answered(step, answer.map(|answer| answer.status), status));
        }
        findings.push(match (&self.gateway, self.has_edge()) {
            (Some(gateway), Some(true)) => {
                let answer = self.knock_at(gateway, KeyPlace::Header, plain(Some(key)));
                let answer = answer.await.map(|answer| answer.status);
                answered(&PAST_THE_EDGE_IS_403, answer, 403)
            }
            (_, Some(false)) => Finding::unknown(
                &PAST_THE_EDGE_IS_403,
                "the endpoint is the gateway itself: there is no edge",
            ),
            _ => Finding::unknown(
                &PAST_THE_EDGE_IS_403,
                "the gateway's address is not known: give --gateway",
            ),
        });
        findings.push(tls::finding(&TLS_FROM_1_2, &self.endpoint));
        findings
    }
}

fn request(base: &str, place: KeyPlace, letter: Letter<'_>) -> Result<Request<Full<Bytes>>, Error> {
    let end = letter.key.map(|key| place.address_end(key));
    let query = match letter.query {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let end = end.unwrap_or_default();
    let address = format!("{base}/{}{end}{query}", letter.provider);
    let mut request = Request::new(Full::new(Bytes::from(letter.body)));
    *request.method_mut() = letter.method;
    *request.uri_mut() = address.parse().map_err(|_| Error::Endpoint)?;
    let map = request.headers_mut();
    if let (KeyPlace::Header, Some(key)) = (place, letter.key) {
        map.insert("x-api-key", header(key)?);
    }
    map.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("payhook-doctor/", env!("CARGO_PKG_VERSION"))),
    );
    for (name, value) in letter.headers {
        let name: HeaderName = name.parse().map_err(|_| Error::Header)?;
        map.append(name, value.parse().map_err(|_| Error::Header)?);
    }
    if !map.contains_key(CONTENT_TYPE) {
        let content_type = letter.content_type.parse().map_err(|_| Error::Header)?;
        map.insert(CONTENT_TYPE, content_type);
    }
    Ok(request)
}

/// Judges an answer that has to have one status.
pub(super) fn answered(step: &Step, answer: Result<u16, String>, wanted: u16) -> Finding {
    match answer {
        Err(why) => Finding::unknown(step, format!("no answer: {why}")),
        Ok(429) => Finding::unknown(step, "the gateway is throttling (429): try again later"),
        Ok(status) if status == wanted => Finding::pass(step, format!("{status}")),
        Ok(status) => Finding::fail(
            step,
            format!(
                "the answer is {status}, not {wanted}: {}",
                remedy(step, status)
            ),
        ),
    }
}

fn remedy(step: &Step, status: u16) -> &'static str {
    if (200..300).contains(&status) && step == &PAST_THE_EDGE_IS_403 {
        return "the firewall does not ask for the edge's secret: pulumi up";
    }
    if (200..300).contains(&status) {
        return "the gateway takes what it must refuse; something else than the stack's gateway \
         may answer there, or its deployment is an old one: pulumi up";
    }
    if status == 403 {
        return "the request did not come as far as it should: see the API key, and the \
         firewall's log";
    }
    if status >= 500 {
        return "the gateway fails where it should refuse, and a provider would send this for \
         days: see its execution log";
    }
    "see that --endpoint is the stack's, with /webhook, and pulumi up"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Outcome;

    #[test]
    fn every_answer_has_a_finding() {
        for (step, answer, wanted, outcome, words) in [
            (&NO_API_KEY_IS_403, Ok(403), 403, Outcome::Pass, "403"),
            (
                &NO_API_KEY_IS_403,
                Ok(200),
                403,
                Outcome::Fail,
                "takes what it must refuse",
            ),
            (
                &PAST_THE_EDGE_IS_403,
                Ok(200),
                403,
                Outcome::Fail,
                "edge's secret",
            ),
            (
                &EMPTY_BODY_IS_400,
                Ok(403),
                400,
                Outcome::Fail,
                "the API key",
            ),
            (
                &BODY_OVER_LIMIT_IS_413,
                Ok(500),
                413,
                Outcome::Fail,
                "execution log",
            ),
            (
                &EMPTY_BODY_IS_400,
                Ok(404),
                400,
                Outcome::Fail,
                "--endpoint",
            ),
            (
                &EMPTY_BODY_IS_400,
                Ok(429),
                400,
                Outcome::CouldNotTell,
                "throttling",
            ),
            (
                &EMPTY_BODY_IS_400,
                Err("reset".to_owned()),
                400,
                Outcome::CouldNotTell,
                "reset",
            ),
        ] {
            let finding = answered(step, answer, wanted);
            assert_eq!(finding.outcome, outcome, "{finding:?}");
            assert!(finding.says.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn a_letter_carries_its_key_where_providers_have_it() {
        let letter = || Letter {
            query: "a=1",
            ..Letter::post("stripe", Some("KEY"), "{}")
        };
        let by_path = request("https://h/webhook", KeyPlace::Path, letter()).unwrap();
        assert_eq!(by_path.uri(), "https://h/webhook/stripe/KEY?a=1");
        assert!(!by_path.headers().contains_key("x-api-key"));
        let by_header = request("https://h/webhook", KeyPlace::Header, letter()).unwrap();
        assert_eq!(by_header.uri(), "https://h/webhook/stripe?a=1");
        assert_eq!(by_header.headers()["x-api-key"], "KEY");
        assert_eq!(by_header.headers()[CONTENT_TYPE], "application/json");
    }

    #[test]
    fn the_gateway_at_the_endpoint_is_no_edge() {
        let door = |gateway: Option<&str>| {
            Door::new("http://h/webhook/", gateway.map(str::to_owned)).unwrap()
        };
        assert_eq!(door(None).has_edge(), None);
        assert_eq!(door(Some("http://h/webhook")).has_edge(), Some(false));
        assert_eq!(door(Some("http://g/webhook")).has_edge(), Some(true));
        assert!(matches!(Door::new("h/webhook", None), Err(Error::Endpoint)));
    }
}
