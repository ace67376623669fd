//! Tokens that an id and a secret are changed for.

use provider_listings::{Answer, ApiRequest, Auth, Content, ListingError, ListingInfo, encoded};
use serde::Deserialize;

use crate::credential::{basic, too_powerful};

/// A request for a token: where to and with which headers.
pub(crate) struct TokenRequest {
    pub(crate) request: ApiRequest,
    /// Another host than the API's, where it is one: `https://HOST`.
    pub(crate) elsewhere: Option<String>,
    /// The credential's headers.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// The request; `None` where no token is needed.
pub(crate) fn request(auth: Auth, key: &str) -> Option<TokenRequest> {
    let (id, secret) = key.split_once(':')?;
    match auth {
        Auth::ClientCredentials(place) => {
            let (elsewhere, path) = match place.strip_prefix("https://") {
                None => (None, place.to_owned()),
                Some(rest) => {
                    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                    (Some(format!("https://{host}")), format!("/{path}"))
                }
            };
            // RFC 6749, section 2.3.1: a server must take the header; one that is said to want the
            // form is on a host of its own.
            let text = match elsewhere {
                None => "grant_type=client_credentials".to_owned(),
                Some(_) => format!(
                    "client_id={}&client_secret={}&grant_type=client_credentials",
                    encoded(id),
                    encoded(secret)
                ),
            };
            let header = ("authorization", basic(key));
            Some(TokenRequest {
                request: ApiRequest::post(
                    path,
                    Some(Content {
                        content_type: "application/x-www-form-urlencoded",
                        text,
                    }),
                ),
                headers: elsewhere.is_none().then_some(header).into_iter().collect(),
                elsewhere,
            })
        }
        Auth::Login(path) => Some(TokenRequest {
            request: ApiRequest::post(path, None),
            elsewhere: None,
            headers: vec![
                ("x-client-id", id.to_owned()),
                ("x-api-key", secret.to_owned()),
            ],
        }),
        _ => None,
    }
}

/// An answer: RFC 6749, section 5.1, or a login's.
#[derive(Deserialize)]
struct Token {
    #[serde(alias = "token")]
    access_token: String,
    #[serde(default)]
    scope: String,
}

/// The token of an answer.
///
/// # Errors
/// [`ListingError::KeyRefused`], [`ListingError::KeyTooPowerful`], [`ListingError::NoAnswer`],
/// [`ListingError::AnswerUnreadable`].
pub(crate) fn read(info: &ListingInfo, answer: &Answer) -> Result<String, ListingError> {
    let (provider, wanted) = (info.provider, info.rights);
    match answer.status {
        200..=299 => {}
        400 | 401 | 403 => {
            return Err(ListingError::KeyRefused {
                provider,
                status: answer.status,
                wanted,
            });
        }
        status => return Err(no_answer(info, format!("status {status}"))),
    }
    let token: Token =
        serde_json::from_slice(&answer.body).map_err(|_| ListingError::AnswerUnreadable {
            provider,
            resource: "token",
        })?;
    match too_powerful(&token.scope) {
        Some(right) => Err(ListingError::KeyTooPowerful {
            provider,
            right: right.to_owned(),
            wanted,
        }),
        None => Ok(token.access_token),
    }
}

/// No token, for a reason of the network's.
pub(crate) fn no_answer(info: &ListingInfo, cause: String) -> ListingError {
    ListingError::NoAnswer {
        provider: info.provider,
        resource: "token",
        attempts: 1,
        cause,
    }
}

#[cfg(test)]
mod tests {
    use provider_listings::providers;

    use super::*;

    fn info() -> &'static ListingInfo {
        providers::by_name("paypal").unwrap().info()
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            retry_after_seconds: None,
            date: None,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn each_kind_asks_in_its_own_way() {
        let oauth = request(Auth::ClientCredentials("/v1/oauth2/token"), "id:se&cret").unwrap();
        assert_eq!(oauth.request.path, "/v1/oauth2/token");
        assert_eq!(oauth.headers[0].1, "Basic aWQ6c2UmY3JldA==");
        assert!(oauth.elsewhere.is_none());
        let form = request(
            Auth::ClientCredentials("https://idp.example/t"),
            "id:se&cret",
        )
        .unwrap();
        assert_eq!(form.elsewhere.as_deref(), Some("https://idp.example"));
        assert!(form.headers.is_empty() && form.request.path == "/t");
        let text = form.request.content.unwrap().text;
        assert_eq!(
            text,
            "client_id=id&client_secret=se%26cret&grant_type=client_credentials"
        );
        let login = request(Auth::Login("/login"), "id:key").unwrap();
        assert_eq!(login.headers[1], ("x-api-key", "key".to_owned()));
        assert!(request(Auth::Bearer, "a:b").is_none());
    }

    #[test]
    fn answers_and_refusals() {
        let good = "{\"access_token\":\"t\",\"scope\":\"openid\"}";
        assert_eq!(read(info(), &answer(200, good)).unwrap(), "t");
        assert_eq!(
            read(info(), &answer(201, "{\"token\":\"u\"}")).unwrap(),
            "u"
        );
        let strong = "{\"access_token\":\"t\",\"scope\":\"a https://uri.paypal.com/services/payments/refund\"}";
        for (status, body, expected) in [
            (401, "", "refused the API key with status 401"),
            (500, "", "status 500"),
            (200, "{}", "cut short"),
            (200, strong, "services/payments/refund"),
        ] {
            let error = read(info(), &answer(status, body)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
