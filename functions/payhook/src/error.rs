//! Why a command ended early, in words that say what to do.
//!
//! Invariant: no variant carries a secret, an API key or the text of a request.

use std::io;
use std::path::PathBuf;

use provider_webhooks::sign::SignError;

/// Why a command could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Standard input.
    #[error("cannot read standard input: {0}")]
    Input(#[source] io::Error),
    /// Standard output.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
    /// A name that is not in the catalogue.
    #[error("no provider is called {0}: `payhook providers` lists them")]
    UnknownProvider(String),
    /// A file that was named on the command line.
    #[error("cannot read {path}: {source}")]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Where it is wrong, never what stands there: the file holds secrets.
    #[error(
        "{path} is not JSON of the form {{\"stripe\":{{\"keys\":[\"…\"]}},…}}: see line {line}, column {column}"
    )]
    SecretsForm {
        /// The file.
        path: PathBuf,
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// Neither `--secrets-file` nor `--secret`.
    #[error("nothing to sign with: give --secrets-file FILE, or --secret with one --provider")]
    NoSecrets,
    /// The secrets file does not speak of a chosen provider.
    #[error(
        "the secrets file has no entry for {0}: add one, or choose the providers with --provider"
    )]
    SecretMissing(&'static str),
    /// Each provider has a secret of its own form.
    #[error(
        "--secret is the secret of one provider, {0} are chosen: use --secrets-file for several"
    )]
    SecretForSeveral(usize),
    /// No `--provider`.
    #[error("no provider is chosen: give --provider NAME (or all)")]
    NoProvider,
    /// A body of one's own is sent to one place.
    #[error("--body-file goes to one provider, or with no --provider to the endpoint itself")]
    BodyForSeveral,
    /// The provider's signing refused.
    #[error("cannot sign for {provider}: {source}")]
    Sign {
        /// For whom.
        provider: &'static str,
        /// Why.
        source: SignError,
    },
    /// The catalogue has a provider that no sample body is written for.
    #[error("there is no sample body for {0}: send one of your own with --body-file")]
    NoSample(&'static str),
    /// More planted card numbers than genuine webhooks.
    #[error(
        "--with-pan says how many of the --count genuine webhooks carry a card number, where the provider's have free text: at most {0}"
    )]
    TooManyPans(usize),
    /// Forgeries where nothing is signed.
    #[error("--forged: none of the chosen providers signs its webhooks, so none can be forged")]
    NothingToForge,
    /// Duplicates of nothing.
    #[error(
        "--duplicates repeats genuine webhooks of providers whose deliveries can be told apart: choose one, with a --count of at least 1"
    )]
    NothingToRepeat,
    /// Stale signatures where no signature has a time.
    #[error(
        "none of the chosen providers signs a time, so no signature of theirs is stale: choose one of {0}"
    )]
    NoSignedTime(String),
    /// Ids would no longer be unique.
    #[error("one run sends at most {0} webhooks: split it into several runs")]
    TooManyWebhooks(u64),
    /// Not a code of letters and digits.
    #[error("--currency is a code of three to eight letters and digits, such as EUR")]
    Currency,
    /// Not a URL that can be posted to.
    #[error(
        "--endpoint is not an http or https URL without a query, such as https://HOST/STAGE/webhook"
    )]
    Endpoint,
    /// Not shown: a header may be a credential.
    #[error("a --header or --content-type is not usable: write 'Name: value' in ASCII")]
    Header,
    /// Not shown: it is a credential.
    #[error("the API key is empty or has characters that no HTTP header can carry")]
    ApiKey,
    /// No trusted certificates, or no runtime.
    #[error("cannot prepare the HTTP client: {0}")]
    Client(#[source] io::Error),
    /// A call to AWS.
    #[error("{0}")]
    Store(#[from] pipeline::storage::StoreError),
    /// The archive.
    #[error("{0}")]
    Archive(#[from] transaction_archive::ArchiveError),
    /// Neither a folder nor a stack.
    #[error("which audit log? Give --suffix and --account, or --folder and --public-key")]
    NoStack,
    /// Not a key that seals.
    #[error("the public key is not a P-256 key in PEM: `payhook audit public-key` prints it")]
    PublicKey,
    /// Tampering, or a day that was not sealed.
    #[error("{0} things are not as they were sealed")]
    NotAsSealed(usize),
    /// Nothing found.
    #[error(
        "nothing has this id: for a message, or for what is archived, give --day with the day of receipt"
    )]
    NoRecord,
    /// An object of the audit log that a pointer names.
    #[error(
        "audit object {0} is missing or damaged: `payhook audit verify` says which objects are"
    )]
    AuditObject(String),
    /// An item of the table that is neither an event's nor a movement's.
    #[error("an item of the table cannot be read: {0}")]
    Movement(pipeline::stored::StoredError),
    /// Aggregates and records disagree.
    #[error("{0} rows differ from the records")]
    RecountDiffers(usize),
    /// A report that cannot be read: says where, never what stands there.
    #[error("{path}: {source}")]
    Report {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: crate::payments::ReportError,
    },
    /// A report without a date in it.
    #[error("the report states no day: give --day with the UTC day that it is of")]
    ReportDay,
    /// Something is missing on one side, or differs.
    #[error("report and webhooks do not agree: what is open is listed above")]
    ReportOpen,
    /// A capacity that the stack does not have.
    #[error("capacity is one of {0} webhooks a second")]
    Capacity(String),
    /// A copied log that is not one.
    #[error("{0} is not readable: see what `payhook audit verify` says of it")]
    CopyUnreadable(String),
    /// Accepted and nowhere.
    #[error("{0} accepted webhooks are neither stored, rejected nor in a queue")]
    NotAccounted(u64),
    /// Some could not be sent; they are where they were.
    #[error("{0} messages could not be sent back and are still in the queue: {1}")]
    NotSentBack(usize, String),
    /// More than can be sent while they are held.
    #[error(
        "--limit {0} at --rate {1} takes longer than the messages are held: at most {2} at this rate"
    )]
    TooSlow(usize, u32, u64),
    /// The function did not count them.
    #[error(
        "the function did not count these records: see its log; `payhook analytics recount` shows what is missing"
    )]
    NotCounted,
    /// No message of this id among those that were seen.
    #[error(
        "no message of this id is among those that were seen: `list` shows how many there are, --limit looks further"
    )]
    NoMessage,
    /// The stack has no API key for this provider.
    #[error("the stack has no API key of {0}: `payhook keys list` shows those it has")]
    NoKeys(String),
    /// Nothing to switch on.
    #[error(
        "both keys of {provider} live: once nothing comes with the older one, payhook keys retire {provider} --slot {slot}"
    )]
    BothKeysLive {
        /// Whose.
        provider: String,
        /// Of the older one.
        slot: &'static str,
    },
    /// Its value is known to somebody.
    #[error(
        "the other key of {provider} was retired and does not come back; make a new one, which lives at once: pulumi up --replace '**webhook_api_key_{provider}_{slot}'"
    )]
    KeyRetired {
        /// Whose.
        provider: String,
        /// Of the retired one.
        slot: &'static str,
    },
    /// Nothing of the provider would come in any more.
    #[error(
        "it is the only key of {0} that lives: payhook keys rotate {0} first, or --shut-out to turn {0} away"
    )]
    LastKey(String),
    /// Neither or both of two ways to give it.
    #[error(
        "which API key? Give --api-key KEY, or --api-keys-file FILE with one of each --provider"
    )]
    NoApiKey,
    /// Where it is wrong, never what stands there: the file holds credentials.
    #[error(
        "{path} is not JSON of the form {{\"stripe\":\"…\",…}}: see line {line}, column {column}; `payhook keys show --json` writes it"
    )]
    ApiKeysForm {
        /// The file.
        path: PathBuf,
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// The file does not speak of a chosen provider.
    #[error("the file of API keys has none of {0}: `payhook keys show --json` writes it")]
    ApiKeyMissing(String),
    /// Where it is wrong, never what stands there: a state holds secrets, if encrypted ones.
    #[error("{path} is not what `{written_by}` writes: see line {line}, column {column}")]
    PulumiForm {
        /// The file.
        path: PathBuf,
        /// The command that writes it.
        written_by: &'static str,
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// The provider's API.
    #[error("{0}")]
    Listing(#[from] provider_listings::ListingError),
    /// The provider's API secret.
    #[error("{0}")]
    Api(#[from] provider_api::ApiSetupError),
    /// A provider whose API lists no endpoints.
    #[error(
        "the API of {0} does not list its endpoints, or a setting is missing for it: look at the provider's own pages"
    )]
    NoEndpoints(&'static str),
    /// What is wrong with the endpoints.
    #[error("{0} findings; each says what puts it right")]
    EndpointFindings(usize),
    /// A window that ends before it begins.
    #[error("the window is empty: --from must be before --to, and before now")]
    EmptyWindow,
    /// Things that the provider has and payhook has not.
    #[error("{0} missing: `payhook backfill` brings them back")]
    Gaps(usize),
    /// Some could not be brought back; they are still missing.
    #[error("{0} could not be brought back: {1}")]
    NotBroughtBack(usize, String),
    /// Steps of `payhook doctor` that fail.
    #[error("{0} steps fail; each says what puts it right")]
    StepsFail(usize),
    /// Answers that were not 2xx, and what to do about them.
    #[error("{0}")]
    NotAccepted(String),
}

impl From<transaction_archive::gaps::GapError> for Error {
    fn from(error: transaction_archive::gaps::GapError) -> Self {
        match error {
            transaction_archive::gaps::GapError::Listing(error) => Self::Listing(error),
            transaction_archive::gaps::GapError::Archive(error) => Self::Archive(error),
        }
    }
}

impl Error {
    /// Whether the reader of our output went away.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe)
    }

    /// 1: it was tried and did not succeed. 2: what was asked for cannot be tried.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_)
            | Self::Output(_)
            | Self::Client(_)
            | Self::NotAccepted(_)
            | Self::Store(_)
            | Self::Archive(_)
            | Self::NotAsSealed(_)
            | Self::NoRecord
            | Self::AuditObject(_)
            | Self::Movement(_)
            | Self::RecountDiffers(_)
            | Self::ReportOpen
            | Self::CopyUnreadable(_)
            | Self::NotAccounted(_)
            | Self::NotSentBack(..)
            | Self::NotCounted
            | Self::Listing(_)
            | Self::Gaps(_)
            | Self::EndpointFindings(_)
            | Self::NotBroughtBack(..)
            | Self::NoKeys(_)
            | Self::BothKeysLive { .. }
            | Self::KeyRetired { .. }
            | Self::LastKey(_)
            | Self::StepsFail(_)
            | Self::NoMessage => 1,
            _ => 2,
        }
    }
}
