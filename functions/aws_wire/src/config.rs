//! Where the services are and who calls them.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::ATTEMPTS_MAX;

/// A service that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The tables.
    DynamoDb,
    /// The audit bucket.
    S3,
    /// The rejected queue and the dead letters.
    Sqs,
    /// The providers' secrets.
    SecretsManager,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 4] = [Self::DynamoDb, Self::S3, Self::Sqs, Self::SecretsManager];

    /// The name in signatures and in host names.
    /// Source: <https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html>, read
    /// 2026-11-28.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::S3 => "s3",
            Self::Sqs => "sqs",
            Self::SecretsManager => "secretsmanager",
        }
    }

    /// The variable that names an endpoint for this service alone.
    /// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>, read
    /// 2026-11-28.
    pub const fn endpoint_variable(self) -> &'static str {
        match self {
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::S3 => "AWS_ENDPOINT_URL_S3",
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        }
    }
}

/// Endpoints that stand in for AWS's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    general: Option<String>,
    special: [Option<String>; Service::ALL.len()],
}

impl Endpoints {
    /// One endpoint for every service; AWS's own where it is `None`.
    pub fn general(url: Option<String>) -> Self {
        Self {
            general: url,
            ..Self::default()
        }
    }

    /// The endpoints that the variables of `lookup` name: a service's own before `AWS_ENDPOINT_URL`.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            general: lookup("AWS_ENDPOINT_URL"),
            special: Service::ALL.map(|service| lookup(service.endpoint_variable())),
        }
    }

    fn of(&self, service: Service) -> Option<&str> {
        let special = self.special[service as usize].as_deref();
        special.or(self.general.as_deref())
    }
}

/// A server and where the paths below it begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// As the header `Host` says it: without the port where it is the scheme's own.
    pub authority: String,
    /// What every path starts with, without a `/` at its end; mostly empty.
    pub base: String,
}

impl Address {
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (tls, default_port) = match scheme {
            "http" => (false, ":80"),
            "https" => (true, ":443"),
            _ => return None,
        };
        let (authority, base) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        (!authority.is_empty()).then(|| Self {
            tls,
            authority: authority.to_owned(),
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The host to connect to, without brackets, and the port.
    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        let default = if self.tls { 443 } else { 80 };
        let (host, port) = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(default)),
            _ => (self.authority.as_str(), default),
        };
        (host.trim_matches(['[', ']']), port)
    }
}

/// A variable that every Lambda function has is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {0} is not set: AWS Lambda sets it for every function")]
pub struct MissingVariable(pub &'static str);

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For name, connection and TLS together.
    pub connect: Duration,
    /// For one attempt, its connection included.
    pub attempt: Duration,
    /// For the attempts of a call and the wait between them.
    pub call: Duration,
}

impl Timeouts {
    /// Those of every function and of the command line.
    pub const STANDARD: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(3),
        call: Duration::from_secs(7),
    };
}

const _: () = {
    let Timeouts { attempt, call, .. } = Timeouts::STANDARD;
    assert!(attempt.as_secs() * (ATTEMPTS_MAX as u64) < call.as_secs());
};

/// What a client is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The region that is called: `us-east-2`.
    pub region: String,
    /// Endpoints other than AWS's own.
    pub endpoints: Endpoints,
    /// Who calls; `None` fails every call. Asked again shortly before the credentials expire.
    pub credentials: Option<SharedCredentialsProvider>,
    /// How long a call may take.
    pub timeouts: Timeouts,
    /// The time of signatures; a function, so that tests can have one of their own.
    pub clock: fn() -> SystemTime,
}

impl Config {
    /// The configuration of a Lambda function: region and credentials come in its environment and
    /// stay as long as the process.
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>, read
    /// 2026-11-28.
    ///
    /// # Errors
    /// [`MissingVariable`] when the region or a part of the credentials is not there.
    pub fn from_environment() -> Result<Self, MissingVariable> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The configuration that the variables of `lookup` describe.
    ///
    /// # Errors
    /// As [`Config::from_environment`].
    pub fn from_variables(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, MissingVariable> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let required = |name| lookup(name).ok_or(MissingVariable(name));
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            lookup("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Ok(Self {
            region: lookup("AWS_REGION")
                .or_else(|| lookup("AWS_DEFAULT_REGION"))
                .ok_or(MissingVariable("AWS_REGION"))?,
            endpoints: Endpoints::from_variables(lookup),
            credentials: Some(SharedCredentialsProvider::new(credentials)),
            timeouts: Timeouts::STANDARD,
            clock: SystemTime::now,
        })
    }

    /// Where a service is, or a bucket of S3. On AWS a bucket has a host name of its own, unless
    /// the dots of its name would not fit the certificate; another endpoint has one host name for
    /// all of them.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>, read
    /// 2026-11-28.
    /// `None` when the configured endpoint is no URL, or there is neither an endpoint nor a region.
    pub fn address(&self, service: Service, bucket: Option<&str>) -> Option<Address> {
        let path_of = |bucket: Option<&str>| {
            let encoded = bucket.map(crate::s3::encoded);
            encoded.map_or_else(String::new, |bucket| format!("/{bucket}"))
        };
        if let Some(url) = self.endpoints.of(service) {
            let mut address = Address::parse(url)?;
            address.base.push_str(&path_of(bucket));
            return Some(address);
        }
        if self.region.is_empty() {
            return None;
        }
        let host = format!("{}.{}.amazonaws.com", service.name(), self.region);
        let (authority, base) = match bucket {
            Some(bucket) if !bucket.contains('.') => (format!("{bucket}.{host}"), String::new()),
            other => (host, path_of(other)),
        };
        Some(Address {
            tls: true,
            authority,
            base,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(
        pairs: &'static [(&'static str, &'static str)],
    ) -> Result<Config, MissingVariable> {
        Config::from_variables(|name| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")];

    #[test]
    fn a_missing_variable_is_named() {
        for (pairs, missing) in [
            (&[][..], "AWS_ACCESS_KEY_ID"),
            (&[KEYS[0]][..], "AWS_SECRET_ACCESS_KEY"),
            (
                &[KEYS[0], ("AWS_SECRET_ACCESS_KEY", " ")][..],
                "AWS_SECRET_ACCESS_KEY",
            ),
            (&KEYS[..], "AWS_REGION"),
        ] {
            let found = Config::from_variables(|name| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found.unwrap_err(), MissingVariable(missing));
        }
        let region = variables(&[KEYS[0], KEYS[1], ("AWS_DEFAULT_REGION", "eu-west-1")]);
        assert_eq!(region.unwrap().region, "eu-west-1");
    }

    #[test]
    fn a_services_own_endpoint_comes_before_the_general_one() {
        let config = variables(&[
            KEYS[0],
            KEYS[1],
            ("AWS_REGION", "us-east-2"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/base/"),
            ("AWS_ENDPOINT_URL_SQS", "https://queue.example:443"),
        ])
        .unwrap();
        let at = |service, bucket| config.address(service, bucket).unwrap();
        let general = at(Service::DynamoDb, None);
        assert_eq!(general.authority, "127.0.0.1:4566");
        assert_eq!((general.tls, general.base.as_str()), (false, "/base"));
        assert_eq!(general.host_and_port(), ("127.0.0.1", 4566));
        assert_eq!(at(Service::S3, Some("audit")).base, "/base/audit");
        let own = at(Service::Sqs, None);
        assert_eq!((own.tls, own.authority.as_str()), (true, "queue.example"));
        assert_eq!(own.host_and_port(), ("queue.example", 443));
    }

    #[test]
    fn only_a_url_of_http_is_an_address() {
        for url in ["", "localhost:80", "ftp://x", "http://", "https:///path"] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
        let six = Address::parse("http://[::1]:8000").unwrap();
        assert_eq!(six.host_and_port(), ("::1", 8000));
        assert_eq!(
            Address::parse("http://[::1]").unwrap().host_and_port(),
            ("::1", 80)
        );
    }
}
