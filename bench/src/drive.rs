//! Drives one function through so many batches under a tool that counts instructions.
//!
//! The tool writes what it counted when the function ends, so the function is ended by a signal that it
//! can be ended by, and not killed. Nothing waits here: the stand-ins answer at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use hyper::body::Bytes;

use crate::measure::{ANALYTICS, MeasureError, WEBHOOK};
use crate::running::{Running, start};
use crate::standins::{Latency, StandIns};
use crate::table::Table;
use crate::workload::{Stock, stream_event};

/// What is driven, and by what it is counted.
#[derive(Args)]
pub struct DriveArguments {
    /// Where the functions' binaries are.
    #[arg(long)]
    functions: PathBuf,
    /// The tool, as an absolute path.
    #[arg(long)]
    tool: PathBuf,
    /// The tool's own arguments, each one of these.
    #[arg(long = "tool-argument", allow_hyphen_values = true)]
    tool_arguments: Vec<PathBuf>,
    /// The function's name.
    #[arg(long)]
    function: String,
    /// Webhooks, or records of the stream, in a batch.
    #[arg(long)]
    records: usize,
    /// How many batches: with none it ends as soon as it asks for an event.
    #[arg(long)]
    batches: usize,
    /// Bytes of a body, where the provider has free text.
    #[arg(long, default_value_t = 3_072)]
    body_bytes: usize,
}

/// Webhooks whose items the stream's records are made of.
const ITEMS_OF: usize = 200;

async fn stand_ins() -> Result<StandIns, MeasureError> {
    let at_once = Latency {
        dynamodb: Duration::ZERO,
        s3: Duration::ZERO,
    };
    StandIns::start(at_once, Table::default())
        .await
        .map_err(MeasureError::port)
}

/// The batches, as events.
async fn events(arguments: &DriveArguments) -> Result<Vec<Bytes>, MeasureError> {
    let DriveArguments {
        records, batches, ..
    } = *arguments;
    let webhooks = (records * batches).max(ITEMS_OF);
    let mut stock = Stock::sized(webhooks, arguments.body_bytes);
    if arguments.function == WEBHOOK {
        return Ok((0..batches)
            .map(|_| Bytes::from(stock.event(records)))
            .collect());
    }
    if arguments.function != ANALYTICS {
        return Ok(Vec::new());
    }
    let standins = stand_ins().await?;
    let program = arguments.functions.join(WEBHOOK);
    let running = start(&program, &[], WEBHOOK, &standins).await?;
    let event = Bytes::from(stock.event(ITEMS_OF));
    running.invoke(WEBHOOK, &event).await?;
    running.function.end().await;
    let items = standins.inserted();
    let event = |number: usize| stream_event(&items, (number * records) as u64, records);
    Ok((0..batches)
        .map(|number| Bytes::from(event(number)))
        .collect())
}

/// Runs the function under the tool through its batches.
///
/// # Errors
/// A [`MeasureError`].
pub async fn drive(arguments: &DriveArguments) -> Result<(), MeasureError> {
    let events = events(arguments).await?;
    let standins = stand_ins().await?;
    let binary = arguments.functions.join(&arguments.function);
    let mut of_tool: Vec<&Path> = arguments
        .tool_arguments
        .iter()
        .map(PathBuf::as_path)
        .collect();
    of_tool.push(&binary);
    let name = arguments.function.as_str();
    let running: Running = start(&arguments.tool, &of_tool, name, &standins).await?;
    for event in &events {
        running.invoke(name, event).await?;
    }
    running.function.terminate().await;
    Ok(())
}
