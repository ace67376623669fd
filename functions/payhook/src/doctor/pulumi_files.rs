//! What Pulumi knows of the stack, from files that its commands write: which resources are the
//! stack's own (`pulumi stack export`), how it is configured (`pulumi config --json`), and where it
//! answers (`pulumi stack output --json`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;

#[derive(Deserialize)]
struct Export {
    deployment: Deployment,
}

#[derive(Deserialize)]
struct Deployment {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    outputs: Value,
}

#[derive(Deserialize)]
struct Setting {
    /// Missing where it is a secret.
    value: Option<String>,
}

/// The addresses of a deployed stack.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Outputs {
    /// The edge's, where there is one.
    pub(super) webhook_url: Option<String>,
    /// The gateway's own.
    pub(super) api_endpoint_url: String,
}

/// The settings that change what is asked before a deploy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) providers: Option<usize>,
    pub(super) capacity: Option<String>,
    pub(super) edge_domain: Option<String>,
    pub(super) edge_certificate: Option<String>,
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path, written_by: &'static str) -> Result<T, Error> {
    let text = fs::read(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|error| Error::PulumiForm {
        path: path.to_owned(),
        written_by,
        line: error.line(),
        column: error.column(),
    })
}

/// Ids and names of the resources in Pulumi's state. A stack without resources has none.
///
/// # Errors
/// A file that cannot be read or is not of the form.
pub(super) fn own(path: &Path) -> Result<BTreeSet<String>, Error> {
    let export: Export = read(path, "pulumi stack export")?;
    let resources = export.deployment.resources.into_iter();
    Ok(resources
        .flat_map(|resource| {
            let name = resource.outputs["name"].as_str().map(str::to_owned);
            [resource.id, name]
        })
        .flatten()
        .collect())
}

/// The stack's addresses.
///
/// # Errors
/// A file that cannot be read or is not of the form.
pub(super) fn outputs(path: &Path) -> Result<Outputs, Error> {
    read(path, "pulumi stack output --json")
}

/// The stack's settings.
///
/// # Errors
/// A file that cannot be read or is not of the form.
pub(super) fn config(path: &Path) -> Result<Config, Error> {
    let mut settings: BTreeMap<String, Setting> = read(path, "pulumi config --json")?;
    let mut setting = |name: &str| settings.remove(&format!("payhook:{name}"))?.value;
    let providers = setting("providers").map(|names| names.split(',').count());
    let edge = setting("edge").is_none_or(|edge| edge != "false");
    Ok(Config {
        providers,
        capacity: setting("capacity"),
        edge_domain: setting("edge_domain").filter(|_| edge),
        edge_certificate: setting("edge_certificate_arn").filter(|_| edge),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn the_state_names_what_is_the_stacks_own() {
        let text = r#"{"version":3,"deployment":{"resources":[
            {"urn":"u","type":"pulumi:pulumi:Stack"},
            {"urn":"u","id":"https://sqs/1/webhook_queue_dev","outputs":{"name":"webhook_queue_dev"}},
            {"urn":"u","id":"transactions_dev","outputs":{}}]}}"#;
        let path = file("state.json", text);
        let own = own(&path).unwrap();
        assert!(own.contains("webhook_queue_dev") && own.contains("transactions_dev"));
        assert_eq!(own.len(), 3);
        fs::write(&path, r#"{"version":3,"deployment":{"manifest":{}}}"#).unwrap();
        assert!(super::own(&path).unwrap().is_empty());
        fs::write(&path, "Resources: 3").unwrap();
        let error = super::own(&path).unwrap_err();
        assert!(error.to_string().contains("pulumi stack export"), "{error}");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_outputs_name_the_edge_where_there_is_one() {
        let gateway = r#""api_endpoint_url":"https://g/live/webhook","api_key_ids":{}"#;
        let path = file("outputs.json", &format!("{{{gateway}}}"));
        assert_eq!(outputs(&path).unwrap().webhook_url, None);
        let with = format!(r#"{{"webhook_url":"https://e/webhook",{gateway}}}"#);
        fs::write(&path, with).unwrap();
        let outputs = super::outputs(&path).unwrap();
        assert_eq!(outputs.webhook_url.as_deref(), Some("https://e/webhook"));
        assert_eq!(outputs.api_endpoint_url, "https://g/live/webhook");
        fs::write(&path, "{}").unwrap();
        assert!(super::outputs(&path).is_err());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_configuration_names_the_edge_unless_there_is_none() {
        let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/x";
        let text = |edge: &str| {
            format!(
                r#"{{"payhook:edge":{{"value":"{edge}"}},"payhook:providers":{{"value":"stripe,adyen"}},
                "payhook:edge_domain":{{"value":"hooks.example.com"}},"payhook:key":{{"secret":true}},
                "payhook:edge_certificate_arn":{{"value":"{certificate}"}}}}"#
            )
        };
        let path = file("config.json", &text("true"));
        let with = config(&path).unwrap();
        assert_eq!(with.providers, Some(2));
        assert_eq!(with.edge_domain.as_deref(), Some("hooks.example.com"));
        assert_eq!(with.edge_certificate.as_deref(), Some(certificate));
        fs::write(&path, text("false")).unwrap();
        let without = config(&path).unwrap();
        assert_eq!(
            (without.edge_domain, without.edge_certificate),
            (None, None)
        );
        fs::write(&path, "{}").unwrap();
        assert_eq!(config(&path).unwrap(), Config::default());
        fs::remove_file(path).unwrap();
    }
}
