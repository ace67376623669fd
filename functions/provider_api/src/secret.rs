//! What the API secret of a provider says: `{"keys":["…"],"api_url":"https://…","SETTING":"…"}`.

use std::collections::BTreeMap;

use provider_listings::{Account, Listing};
use provider_webhooks::Secrets;

use crate::client::ProviderApi;
use crate::target::{ApiSetupError, Target};

/// The setting that holds the address of the API, where it is not the live one.
const API_URL: &str = "api_url";

/// The settings of a secret that a listing knows.
pub fn account(listing: &dyn Listing, secrets: &Secrets) -> Account {
    let settings = listing.info().settings.iter();
    let settings: BTreeMap<String, String> = settings
        .filter_map(|(name, _)| Some(((*name).to_owned(), secrets.setting(name)?.to_owned())))
        .collect();
    Account::new(settings)
}

impl ProviderApi {
    /// The API at the address, and asked with the first key, that a secret holds.
    ///
    /// # Errors
    /// An [`ApiSetupError`]: no key, no address, or one that the provider's API cannot be asked with.
    pub fn of_secret(
        listing: &'static dyn Listing,
        secrets: &Secrets,
    ) -> Result<Self, ApiSetupError> {
        let target = Target::new(listing.info(), secrets.setting(API_URL))?;
        let key = secrets.keys().first().map_or("", String::as_str);
        Self::new(listing, target, key)
    }
}

#[cfg(test)]
mod tests {
    use provider_listings::providers;

    use super::*;

    fn stripe() -> &'static dyn Listing {
        providers::by_name("stripe").unwrap()
    }

    #[test]
    fn a_secret_names_host_key_and_settings() {
        let secrets = Secrets::new(["rk_1".to_owned()], None)
            .with("api_url", "https://sandbox.example")
            .with("stripe_account", "acct_1")
            .with("of_no_listing", "x");
        let api = ProviderApi::of_secret(stripe(), &secrets).unwrap();
        assert_eq!(api.host(), "sandbox.example");
        let account = account(stripe(), &secrets);
        assert_eq!(account.get("stripe_account"), Some("acct_1"));
        assert_eq!(account.get("of_no_listing"), None);
        let live = Secrets::new(["rk_1".to_owned()], None);
        let live = ProviderApi::of_secret(stripe(), &live).unwrap();
        assert_eq!(live.host(), "api.stripe.com");
    }

    #[test]
    fn without_a_key_nobody_is_asked() {
        let made = ProviderApi::of_secret(stripe(), &Secrets::default());
        assert!(matches!(made, Err(ApiSetupError::NoKey("stripe"))));
    }
}
