//! `listings.json`: what the infrastructure knows of the listings, written from them.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use provider_listings::providers;

#[test]
fn the_file_of_the_listings_is_current() {
    let infos: Vec<_> = providers::ALL.iter().map(|it| it.info()).collect();
    let now = format!("{}\n", serde_json::to_string_pretty(&infos).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("listings.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        now,
        "run `make snapshots` and read the diff"
    );
}
