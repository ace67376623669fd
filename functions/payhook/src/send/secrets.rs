//! Where the secrets to sign with come from. What is wrong with them is said without repeating them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use provider_webhooks::{ProviderInfo, Secrets, providers};

use super::plan::Signer;
use crate::error::Error;

/// The providers of these names, each once, in the catalogue's order; `all` is every one.
///
/// # Errors
/// A name that is not in the catalogue.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<&'static ProviderInfo>, Error> {
    let known = |name: &String| name == "all" || providers::by_name(name).is_some();
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(Error::UnknownProvider(unknown.clone()));
    }
    Ok(providers::ALL
        .iter()
        .map(|provider| provider.info())
        .filter(|info| names.iter().any(|name| name == "all" || name == info.name))
        .collect())
}

/// The secrets of a file, by provider.
///
/// # Errors
/// A file that cannot be read or is not of the form.
pub(crate) fn read_file(path: &Path) -> Result<BTreeMap<String, Secrets>, Error> {
    let text = fs::read(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|error| Error::SecretsForm {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })
}

/// Signers of the chosen providers, from a file of secrets by provider.
///
/// # Errors
/// A file that cannot be read or is not of the form, or that does not speak of a chosen provider.
pub(crate) fn from_file(
    chosen: &[&'static ProviderInfo],
    path: &Path,
) -> Result<Vec<Signer>, Error> {
    let mut values = read_file(path)?;
    chosen
        .iter()
        .map(|info| {
            let secrets = values.remove(info.name);
            let secrets = secrets.ok_or(Error::SecretMissing(info.name))?;
            Ok(Signer { info, secrets })
        })
        .collect()
}

/// The one signer that a secret from the command line is for.
///
/// # Errors
/// More or less than one provider.
pub(crate) fn from_argument(
    chosen: &[&'static ProviderInfo],
    secret: &str,
    notification_url: Option<&str>,
) -> Result<Vec<Signer>, Error> {
    match chosen {
        [] => Err(Error::NoProvider),
        [info] => Ok(vec![Signer {
            info,
            secrets: Secrets::new([secret.to_owned()], notification_url.map(str::to_owned)),
        }]),
        several => Err(Error::SecretForSeveral(several.len())),
    }
}
