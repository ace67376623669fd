//! Configuration from the environment, with an error that names the variable.

/// A variable is missing or blank.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "environment variable {0} is not set: the stack sets it for every function, see infra/lib/functions.py"
)]
pub struct ConfigError(pub &'static str);

/// Reads variables through a lookup, so that tests need not change the process's environment.
pub struct Config<L>(L);

impl Config<fn(&str) -> Option<String>> {
    /// The process's environment.
    pub fn from_environment() -> Self {
        Self(|name| std::env::var(name).ok())
    }
}

impl<L: Fn(&str) -> Option<String>> Config<L> {
    /// Any other source.
    pub fn new(lookup: L) -> Self {
        Self(lookup)
    }

    /// A variable that must be set.
    ///
    /// # Errors
    /// [`ConfigError`] when it is missing or blank.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError(name))
    }

    /// A variable that may be set.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let config = Config::new(|name: &str| match name {
            "SET" => Some("value".to_owned()),
            "BLANK" => Some(" ".to_owned()),
            _ => None,
        });
        assert_eq!(config.required("SET").unwrap(), "value");
        assert_eq!(config.required("BLANK"), Err(ConfigError("BLANK")));
        assert!(
            config
                .required("MISSING")
                .unwrap_err()
                .to_string()
                .contains("MISSING")
        );
        assert_eq!(config.optional("MISSING"), None);
        assert_eq!(
            Config::from_environment().optional("PAYHOOK_NO_SUCH_VARIABLE"),
            None
        );
    }
}
