//! Requests to a provider's API, without the credential, which the adapter adds.

use crate::Window;

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

impl Method {
    /// As in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Media type.
    pub content_type: &'static str,
    /// The body.
    pub text: String,
}

impl Content {
    /// A JSON body.
    pub fn json(value: &serde_json::Value) -> Self {
        Self {
            content_type: "application/json",
            text: value.to_string(),
        }
    }
}

/// A request to the API of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// Method.
    pub method: Method,
    /// Path and query, behind the base address.
    pub path: String,
    /// Headers beside the credential.
    pub headers: Vec<(&'static str, String)>,
    /// Body, where it has one.
    pub content: Option<Content>,
}

impl ApiRequest {
    /// A GET of a path with query parameters; those without a value are left out.
    pub fn get(path: &str, parameters: &[(&str, &str)]) -> Self {
        let mut whole = path.to_owned();
        let stated = parameters.iter().filter(|(_, value)| !value.is_empty());
        for (position, (name, value)) in stated.enumerate() {
            whole.push(if position == 0 && !path.contains('?') {
                '?'
            } else {
                '&'
            });
            whole.push_str(&format!("{name}={}", encoded(value)));
        }
        Self {
            method: Method::Get,
            path: whole,
            headers: Vec::new(),
            content: None,
        }
    }

    /// A POST of a body.
    pub fn post(path: impl Into<String>, content: Option<Content>) -> Self {
        Self {
            method: Method::Post,
            path: path.into(),
            headers: Vec::new(),
            content,
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Percent-encodes a value of a query: everything but RFC 3986's unreserved characters.
pub fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// One page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What is listed (`events`, `refunds`): for errors and reports.
    pub resource: &'static str,
    /// The request.
    pub request: ApiRequest,
    /// What is wanted.
    pub window: Window,
}

impl Query {
    /// The same resource and window, asked by another request.
    #[must_use]
    pub fn next(&self, request: ApiRequest) -> Self {
        Self {
            request,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded_and_blank_parameters_are_left_out() {
        let request = ApiRequest::get(
            "/v1/events",
            &[("created[gte]", "1"), ("after", ""), ("q", "a b&c")],
        );
        assert_eq!(request.path, "/v1/events?created[gte]=1&q=a%20b%26c");
        let more = ApiRequest::get("/v1/events?limit=2", &[("after", "é")]);
        assert_eq!(more.path, "/v1/events?limit=2&after=%C3%A9");
    }
}
