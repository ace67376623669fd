//! Which providers the stack has. The function may read no other's secret.

use provider_webhooks::providers;

/// The stack's providers, from their names.
///
/// # Errors
/// [`UnknownName`] for a name that is not in the catalogue.
pub(crate) fn served(names: &str) -> Result<Vec<&'static str>, UnknownName> {
    let find = |name: &str| {
        let found = providers::by_name(name).map(|provider| provider.info().name);
        found.ok_or_else(|| UnknownName(name.to_owned()))
    };
    names.split(',').map(find).collect()
}

/// A name in `PROVIDERS` that the catalogue does not have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "PROVIDERS names {0}, which is not in the catalogue: deploy the function and the stack of one version"
)]
pub(crate) struct UnknownName(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_names_its_providers() {
        assert_eq!(served("stripe,adyen"), Ok(vec!["stripe", "adyen"]));
        for names in ["stripe,", "stripe, adyen", "Stripe", ""] {
            assert!(served(names).is_err(), "{names}");
        }
    }
}
