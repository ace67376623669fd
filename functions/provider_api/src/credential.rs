//! How a request is authorised, and what a token says that it may do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use provider_listings::Auth;

/// The header that authorises a request; `None` where the key cannot be sent in one.
pub(crate) fn header(auth: Auth, key: &str) -> Option<(HeaderName, HeaderValue)> {
    match auth {
        Auth::Bearer | Auth::ClientCredentials(_) | Auth::Login(_) | Auth::SignedToken => {
            named(AUTHORIZATION.as_str(), &format!("Bearer {key}"))
        }
        Auth::Basic => named(AUTHORIZATION.as_str(), &basic(key)),
        Auth::Header(name) => named(name, key),
        Auth::None => None,
    }
}

/// A header that no log shows; `None` for what no header can carry.
pub(crate) fn named(name: &str, text: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value: HeaderValue = text.parse().ok()?;
    value.set_sensitive(true);
    Some((name.parse().ok()?, value))
}

/// `Basic …` of a key; one without a colon is a user without a password.
pub(crate) fn basic(key: &str) -> String {
    let pair = match key.contains(':') {
        true => key.to_owned(),
        false => format!("{key}:"),
    };
    format!("Basic {}", STANDARD.encode(pair))
}

/// The first right of a token that moves money, by the words of its scope. Scopes are separated by
/// spaces (RFC 6749, section 3.3) and are words or addresses.
///
/// What only reads, or speaks of webhooks and reports, moves nothing.
pub fn too_powerful(scope: &str) -> Option<&str> {
    const MOVES: [&str; 7] = [
        "payments/payment",
        "payments/refund",
        "payments/payouts",
        "services/payments",
        "payments:write",
        "payouts:write",
        "refunds:write",
    ];
    let moves = |scope: &&str| {
        let lower = scope.to_ascii_lowercase();
        MOVES.iter().any(|word| lower.contains(word)) && !lower.ends_with("readonly")
    };
    scope.split_ascii_whitespace().find(moves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_header() {
        let of = |auth, key| {
            let (name, value) = header(auth, key)?;
            Some(format!("{name}: {}", value.to_str().ok()?))
        };
        assert_eq!(
            of(Auth::Bearer, "k"),
            Some("authorization: Bearer k".to_owned())
        );
        assert_eq!(
            of(Auth::Basic, "u:p"),
            Some("authorization: Basic dTpw".to_owned())
        );
        assert_eq!(
            of(Auth::Basic, "u"),
            Some("authorization: Basic dTo=".to_owned())
        );
        assert_eq!(
            of(Auth::Header("x-api-key"), "k"),
            Some("x-api-key: k".to_owned())
        );
        assert_eq!(of(Auth::None, "k"), None);
        assert_eq!(of(Auth::Bearer, "a\nb"), None);
        let (_, value) = header(Auth::Bearer, "secret").unwrap();
        assert!(!format!("{value:?}").contains("secret"));
    }

    #[test]
    fn a_token_that_may_move_money_is_found_by_its_scope() {
        let paypal = "https://uri.paypal.com/services/applications/webhooks openid";
        assert_eq!(too_powerful(paypal), None);
        let more = format!("{paypal} https://uri.paypal.com/services/payments/refund");
        assert_eq!(
            too_powerful(&more),
            Some("https://uri.paypal.com/services/payments/refund")
        );
        assert_eq!(
            too_powerful("payments:read payments:write"),
            Some("payments:write")
        );
        assert_eq!(too_powerful(""), None);
    }
}
