//! Which stack a command speaks to: its names, and clients for it.
//!
//! Names are made here as `infra/lib/settings.py` makes them; the tests on the local cloud would not find anything otherwise.

use std::future::Future;

use aws_adapters::Clients;
use clap::Args;

use crate::error::Error;

/// The stack. Region, credentials and endpoint come from the environment as for every AWS tool.
#[derive(Args, Clone)]
pub(crate) struct StackArguments {
    /// The stack's environment suffix.
    #[arg(long, value_name = "SUFFIX", env = "PAYHOOK_SUFFIX")]
    suffix: String,
    /// The twelve digits of the AWS account: the bucket's name has them.
    #[arg(long, value_name = "ID", env = "PAYHOOK_ACCOUNT")]
    account: String,
}

/// The stack of a command that can do without one: flattened as an `Option`, the arguments above would be required all the same.
#[derive(Args, Clone)]
pub(crate) struct OptionalStack {
    /// The stack's environment suffix.
    #[arg(long, value_name = "SUFFIX", env = "PAYHOOK_SUFFIX")]
    suffix: Option<String>,
    /// The twelve digits of the AWS account: the bucket's name has them.
    #[arg(long, value_name = "ID", env = "PAYHOOK_ACCOUNT")]
    account: Option<String>,
}

impl OptionalStack {
    /// The stack, when it is named whole.
    pub(crate) fn given(&self) -> Option<StackArguments> {
        Some(StackArguments {
            suffix: self.suffix.clone()?,
            account: self.account.clone()?,
        })
    }
}

impl StackArguments {
    /// The environment suffix.
    pub(crate) fn suffix(&self) -> &str {
        &self.suffix
    }

    /// The account.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// A table or queue: `{resource}_{suffix}`.
    pub(crate) fn name(&self, resource: &str) -> String {
        format!("{resource}_{}", self.suffix)
    }

    /// The bucket of audit log, archive and seals.
    pub(crate) fn bucket(&self) -> String {
        format!("payhook-audit-{}-{}", self.account, self.suffix)
    }

    /// The sealing key.
    pub(crate) fn seal_key(&self) -> String {
        format!("alias/payhook_seal_{}", self.suffix)
    }

    /// The door's access log.
    pub(crate) fn access_log(&self) -> String {
        format!("/aws/apigateway/{}", self.name("webhook_api"))
    }

    /// Clients from the environment.
    pub(crate) async fn clients(&self) -> Clients {
        Clients::from_environment().await
    }
}

/// Runs a command's calls to their end.
///
/// # Errors
/// The command's own, or [`Error::Client`].
pub(crate) fn wait<V>(future: impl Future<Output = Result<V, Error>>) -> Result<V, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Client)?
        .block_on(future)
}
