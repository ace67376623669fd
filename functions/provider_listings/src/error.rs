//! Why a listing has no result. No error repeats an answer, a key or an id.

/// Why a listing has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// The provider's API lists nothing that could be compared.
    #[error(
        "{0} has no list that can be compared: see `payhook providers {0}` for what it has instead"
    )]
    NothingListed(&'static str),
    /// A setting of the provider's API secret is missing.
    #[error(
        "the setting {setting} is missing in the API secret of {provider}: `payhook providers {provider}` says what it is"
    )]
    SettingMissing {
        /// The provider's name.
        provider: &'static str,
        /// The setting's name.
        setting: &'static str,
    },
    /// The key may do more than read.
    #[error(
        "the API key of {provider} may do more than read: {right}; make one with no other right than: {wanted}"
    )]
    KeyTooPowerful {
        /// The provider's name.
        provider: &'static str,
        /// The right that it should not have.
        right: String,
        /// The rights that are enough.
        wanted: &'static str,
    },
    /// The API refused the key: it expired, was revoked, or has too few rights.
    #[error(
        "{provider} refused the API key with status {status}: it may have expired or lack a right; needed is: {wanted}"
    )]
    KeyRefused {
        /// The provider's name.
        provider: &'static str,
        /// HTTP status.
        status: u16,
        /// The rights that are enough.
        wanted: &'static str,
    },
    /// The API calls the request wrong: the window, an id or a setting.
    #[error("{provider} refused the request for {resource} with status {status}")]
    RequestRefused {
        /// The provider's name.
        provider: &'static str,
        /// What was asked for.
        resource: &'static str,
        /// HTTP status.
        status: u16,
    },
    /// No answer, or none but throttles and errors of the provider's own, as often as was tried.
    #[error(
        "{provider} did not answer the request for {resource} after {attempts} attempts ({cause}): run it again later"
    )]
    NoAnswer {
        /// The provider's name.
        provider: &'static str,
        /// What was asked for.
        resource: &'static str,
        /// Attempts made.
        attempts: u32,
        /// A status or a word; never content.
        cause: String,
    },
    /// The answer is not of the documented form, or was cut short.
    #[error(
        "the answer of {provider} to the request for {resource} is cut short or not of the documented form"
    )]
    AnswerUnreadable {
        /// The provider's name.
        provider: &'static str,
        /// What was asked for.
        resource: &'static str,
    },
    /// The same page was given twice: the list would have no end.
    #[error("{provider} gave the same page of {resource} twice: the list has no end")]
    PagesRepeat {
        /// The provider's name.
        provider: &'static str,
        /// What was asked for.
        resource: &'static str,
    },
    /// More requests would be needed than one run may make.
    #[error(
        "{provider}: {requests} requests did not reach the end of the list: ask for a shorter window"
    )]
    BudgetSpent {
        /// The provider's name.
        provider: &'static str,
        /// Requests made.
        requests: u32,
    },
    /// The window begins before the provider's list does.
    #[error(
        "{provider} lists the last {days} days alone: begin the window later, and reconcile older days by its reports (`payhook payments reconcile`)"
    )]
    TooLongAgo {
        /// The provider's name.
        provider: &'static str,
        /// Days that it reaches back.
        days: u16,
    },
    /// The clocks differ by so much that a window cannot be judged.
    #[error(
        "the clock of {provider} is {seconds} seconds away from this machine's: set this machine's clock"
    )]
    ClocksApart {
        /// The provider's name.
        provider: &'static str,
        /// Seconds, the provider's less ours.
        seconds: i64,
    },
}
