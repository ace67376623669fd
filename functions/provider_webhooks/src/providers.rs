//! The list of providers: one line each.

use crate::Provider;

/// Every provider, by name.
pub static ALL: &[&dyn Provider] = &[];

/// The provider called `name` in the catalogue.
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|p| p.info().name == name)
}
