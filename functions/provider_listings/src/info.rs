//! What a provider's API can tell, as the catalogue has it: `payhook providers NAME` prints it.

use serde::Serialize;

/// What the API lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lists {
    /// The events themselves, with the ids that webhooks have: compared event by event.
    Events,
    /// Payments, refunds and the like, but no events: compared by the movements of their money.
    Objects,
    /// Things of which webhooks tell nothing but the id: compared by whether any webhook of it is
    /// stored. What is stored and not listed says nothing, since older things have webhooks as well.
    Notices,
    /// Nothing that could be compared.
    Nothing,
}

/// How a request is authorised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum Auth {
    /// `Authorization: Bearer {key}`.
    Bearer,
    /// `Authorization: Basic {base64 of key}`; a key without a colon gets one at its end.
    Basic,
    /// A header that holds the key.
    Header(&'static str),
    /// OAuth 2.0 client credentials (RFC 6749, section 4.4): the key is `client_id:client_secret`;
    /// the token comes from this path, or from this address where it begins with `https://`.
    ClientCredentials(&'static str),
    /// A login: the key is `client_id:api_key`. A POST without a body to this path, with the headers
    /// `x-client-id` and `x-api-key`, answers JSON with `token` and `expires_at`; the token is then
    /// sent as [`Auth::Bearer`] sends a key.
    Login(&'static str),
    /// `Authorization: Bearer {token}` with a JSON Web Token (RFC 7519) that is signed for each
    /// request: the key is `key_id:secret`. Header: `alg`, `kid` (the key id), `typ` (`JWT`), `nonce`
    /// (random). Claims: `sub` (the key id), `iss` (`cdp`), `nbf` (now), `exp` (120 seconds later),
    /// `uris` (a list of one `METHOD host/path`, without the query). A secret in PEM is a P-256 key
    /// (`ES256`), any other is base64 of the 64 bytes of an Ed25519 key, seed first (`EdDSA`).
    SignedToken,
    /// No list, no key.
    None,
}

/// A provider's entry.
#[derive(Debug, Serialize)]
pub struct ListingInfo {
    /// The provider's name in the catalogue.
    pub provider: &'static str,
    /// What it lists.
    pub lists: Lists,
    /// Where the facts come from, with the date they were read.
    pub source: &'static str,
    /// Scheme and host of the live API; empty where there is none or where it is the customer's own (setting `api_url`).
    pub base_url: &'static str,
    /// How requests are authorised.
    pub auth: Auth,
    /// The least rights that are enough, in the provider's words.
    pub rights: &'static str,
    /// Settings of the API secret beside `keys`, each with what it is.
    pub settings: &'static [(&'static str, &'static str)],
    /// Days that the list reaches back; `None` where no document says.
    pub reach_back_days: Option<u16>,
    /// Requests a second that are made at most.
    pub requests_per_second: u16,
    /// How it is asked to send a webhook again, in words; empty where it cannot be asked.
    pub resend: &'static str,
    /// What its lists leave out, and what is done instead.
    pub leaves_out: &'static str,
    /// What no document at hand confirms.
    pub unconfirmed: &'static str,
}
