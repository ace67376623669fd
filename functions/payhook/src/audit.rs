//! `payhook audit`: prove that the audit log is as it was sealed, and show single records of it.

mod folder;
mod show;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use audit_seal::PublicKey;
use audit_seal::verify::{Report, verify};
use aws_adapters::{KmsSigner, S3Objects};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::Error;
use crate::stack::{OptionalStack, StackArguments, wait};
use folder::Folder;
pub(crate) use show::line_of;

/// What `payhook audit` can do.
#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Check every link, inventory and object of some days against the seal; 1 when anything is not as it was sealed.
    Verify(VerifyArguments),
    /// Print the record of a message or of a transaction's events: one ranged read each.
    Show(show::ShowArguments),
    /// Print the public half of the sealing key as PEM, for checks without AWS.
    PublicKey(StackArguments),
}

/// What `payhook audit verify` takes.
#[derive(Args)]
pub(crate) struct VerifyArguments {
    /// The first UTC day, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    from: Date,
    /// The last UTC day.
    #[arg(long, value_name = "DAY")]
    to: Date,
    /// A folder with a copy of the bucket's audit/ and seal/: nothing is asked of AWS then.
    #[arg(long, value_name = "DIR", requires = "public_key")]
    folder: Option<PathBuf>,
    /// The sealing key's public half, PEM. Without it, it is read from KMS.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: OptionalStack,
}

/// Runs the command.
///
/// # Errors
/// [`Error::NotAsSealed`] when anything is found; others when nothing could be checked.
pub(crate) fn run(command: &AuditCommand, output: &mut impl Write) -> Result<(), Error> {
    match command {
        AuditCommand::Verify(arguments) => run_verify(arguments, output),
        AuditCommand::Show(arguments) => show::run(arguments, output),
        AuditCommand::PublicKey(stack) => {
            let key = wait(kms_key(stack))?;
            output
                .write_all(key.pem().as_bytes())
                .map_err(Error::Output)
        }
    }
}

async fn kms_key(stack: &StackArguments) -> Result<PublicKey, Error> {
    let signer = KmsSigner::new(&stack.clients().await, stack.seal_key());
    let der = signer.public_key().await?;
    PublicKey::from_bytes(&der).ok_or(Error::PublicKey)
}

fn file_key(path: &PathBuf) -> Result<PublicKey, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::File {
        path: path.clone(),
        source,
    })?;
    PublicKey::from_pem(&text).ok_or(Error::PublicKey)
}

fn run_verify(arguments: &VerifyArguments, output: &mut impl Write) -> Result<(), Error> {
    let (from, to, now) = (arguments.from, arguments.to, Timestamp::now());
    let key = arguments.public_key.as_ref().map(file_key).transpose()?;
    let report = match (&arguments.folder, key) {
        (Some(folder), Some(key)) => wait(async {
            let folder = Folder::new(folder);
            Ok(verify(from, to, now, &key, &folder, false).await?)
        }),
        (_, key) => {
            let stack = &arguments.stack.given().ok_or(Error::NoStack)?;
            wait(async {
                let key = match key {
                    Some(key) => key,
                    None => kms_key(stack).await?,
                };
                let objects = S3Objects::new(&stack.clients().await, stack.bucket());
                Ok(verify(from, to, now, &key, &objects, true).await?)
            })
        }
    }?;
    tell(arguments, &report, output)?;
    match report.findings.len() {
        0 => Ok(()),
        findings => Err(Error::NotAsSealed(findings)),
    }
}

fn tell(
    arguments: &VerifyArguments,
    report: &Report,
    output: &mut impl Write,
) -> Result<(), Error> {
    if arguments.json {
        let json = serde_json::to_string(report).map_err(|e| Error::Output(e.into()))?;
        return writeln!(output, "{json}").map_err(Error::Output);
    }
    for finding in &report.findings {
        writeln!(
            output,
            "{:<22} {}",
            finding.problem.to_string(),
            finding.subject
        )
        .map_err(Error::Output)?;
    }
    writeln!(
        output,
        "{} digests, {} objects as they were sealed, {} findings",
        report.digests,
        report.objects,
        report.findings.len()
    )
    .map_err(Error::Output)
}
