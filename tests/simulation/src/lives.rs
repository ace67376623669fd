//! Whole payments, each told by several webhooks: the bodies that providers' documents show, from authorisation to lost dispute.

use std::sync::LazyLock;

use serde::Deserialize;

/// A payment and the bodies that tell it, in the order of the provider.
#[derive(Debug, Deserialize)]
pub(crate) struct Lived {
    pub(crate) provider: String,
    pub(crate) bodies: Vec<String>,
}

/// Every one.
pub(crate) static LIVES: LazyLock<Vec<Lived>> = LazyLock::new(|| {
    let lines = include_str!("../lives.jsonl").lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
});
