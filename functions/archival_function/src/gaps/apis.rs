//! The APIs of the providers that are checked, each with what its secret holds.

use aws_adapters::{SecretsManager, Wire};
use lambda_setup::{Config, ConfigError};
use pipeline::retry::retrying;
use pipeline::storage::{Pause, SecretStore};
use provider_api::{ProviderApi, account};
use provider_listings::{Account, Api, Listing};

use super::CheckError;

/// What opens the API of a provider.
pub(crate) trait Apis {
    /// An open API.
    type Api: Api;

    /// The providers that are checked, by name.
    fn providers(&self) -> &[&'static str];

    /// The API of a provider, and whose records are asked for.
    fn open(
        &self,
        listing: &'static dyn Listing,
        pause: &impl Pause,
    ) -> impl Future<Output = Result<(Self::Api, Account), CheckError>>;
}

/// Why the gap check cannot be set up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SetupError {
    /// A variable is missing.
    #[error("{0}")]
    Variable(#[from] ConfigError),
    /// A name in `GAP_CHECK_PROVIDERS` of which nothing can be listed.
    #[error(
        "GAP_CHECK_PROVIDERS names {0}, which lists nothing: deploy the function and the stack of one version"
    )]
    NothingListed(String),
}

/// The providers that a list names; none in an empty one.
fn configured(list: &str) -> Result<Vec<&'static str>, SetupError> {
    let names = list.split(',').filter(|name| !name.is_empty());
    names
        .map(|name| {
            let listing = provider_listings::providers::by_name(name);
            let listing = listing.filter(|it| transaction_archive::gaps::can_list(*it));
            let listing = listing.ok_or_else(|| SetupError::NothingListed(name.to_owned()))?;
            Ok(listing.info().provider)
        })
        .collect()
}

/// The APIs of the providers that the environment names. A stack without a gap check sets none of
/// its variables.
///
/// # Errors
/// A [`SetupError`].
pub(crate) fn https<L: Fn(&str) -> Option<String>>(
    config: &Config<L>,
    wire: &Wire,
) -> Result<Https<SecretsManager>, SetupError> {
    let providers = configured(&config.optional("GAP_CHECK_PROVIDERS").unwrap_or_default())?;
    let (prefix, suffix) = match providers.is_empty() {
        true => (String::new(), String::new()),
        false => (
            config.required("API_SECRET_NAME_PREFIX")?,
            config.required("ENVIRONMENT_SUFFIX")?,
        ),
    };
    Ok(Https {
        secrets: SecretsManager::new(wire, prefix, suffix, providers.clone()),
        providers,
    })
}

/// The APIs over HTTPS.
#[derive(Debug)]
pub(crate) struct Https<K> {
    /// The API secrets.
    pub(crate) secrets: K,
    /// The providers that are checked.
    pub(crate) providers: Vec<&'static str>,
}

impl<K: SecretStore> Apis for Https<K> {
    type Api = ProviderApi;

    fn providers(&self) -> &[&'static str] {
        &self.providers
    }

    async fn open(
        &self,
        listing: &'static dyn Listing,
        pause: &impl Pause,
    ) -> Result<(ProviderApi, Account), CheckError> {
        let provider = listing.info().provider;
        let secrets = retrying(pause, async || self.secrets.secrets(provider).await).await;
        let secrets = secrets.map_err(CheckError::Secret)?;
        let api = ProviderApi::of_secret(listing, &secrets)?;
        api.check().await?;
        Ok((api, account(listing, &secrets)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_of_the_list_can_list() {
        assert_eq!(configured(""), Ok(Vec::new()));
        assert_eq!(configured("stripe,paddle"), Ok(vec!["stripe", "paddle"]));
        for name in ["nobody", "adyen", " stripe"] {
            let refused = SetupError::NothingListed(name.to_owned());
            assert_eq!(configured(&format!("paddle,{name}")), Err(refused));
        }
    }
}
