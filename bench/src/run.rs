//! One run of every measurement.
// A bench speaks on standard output.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use crate::baseline::{self, Baseline};
use crate::budget::Budget;
use crate::cost::{Counted, PriceList, Stack, Usual};
use crate::figures::Analytics;
use crate::floor::{Floor, Work};
use crate::lives;
use crate::machine::Machine;
use crate::measure::{self, FUNCTIONS, Plan};
use crate::money::Sources;
use crate::plot;
use crate::report::{Results, archive_printed};
use crate::standins::Latency;
use crate::workload::{Stock, webhooks};

/// Where everything is, and how much is measured.
#[derive(Args)]
pub struct RunArguments {
    /// Where the binaries of the functions are.
    #[arg(long, default_value = "target/release")]
    functions: PathBuf,
    /// Where their zips are.
    #[arg(long, default_value = "build/lambdas/host")]
    zips: PathBuf,
    /// Milliseconds that DynamoDB, SQS and Secrets Manager take to answer.
    #[arg(long, default_value_t = 6)]
    dynamodb_ms: u64,
    /// Milliseconds that S3 takes to answer.
    #[arg(long, default_value_t = 15)]
    s3_ms: u64,
    /// Seconds of the sustained load.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Webhooks a second of it, to one process.
    #[arg(long, default_value_t = 2_000)]
    per_second: u64,
    /// Starts of each function.
    #[arg(long, default_value_t = 30)]
    cold_starts: usize,
    /// Bytes of a body, where the provider has free text.
    #[arg(long, default_value_t = 3_072)]
    body_bytes: usize,
    /// A Python interpreter that has boto3, for the usual function; without it there is no baseline.
    #[arg(long)]
    python: Option<PathBuf>,
    /// What the archive's own bench printed.
    #[arg(long)]
    archive: Option<PathBuf>,
    /// The compiler's version.
    #[arg(long, default_value = "")]
    compiler: String,
    /// Data files, and where the results go.
    #[arg(long, default_value = "bench")]
    folder: PathBuf,
}

/// Whole lives of payments.
const LIVES: &str = "tests/e2e/fixtures/lives.jsonl";
/// What the stack is sized for unless it is told otherwise: the first of `capacity` in infra/limits.json.
const CAPACITY: &str = "400";
/// 512 MB of the 1,769 MB that are one processor.
const SHARE: f64 = 0.29;
/// The usual function.
const BASELINE: &str = "bench/baseline/function.py";
/// Webhooks that the floor is measured with: a frame of the audit log.
const FLOOR_WEBHOOKS: usize = 64;
/// What the usual function waits for, one after the other: the put, and the update of three sums.
const USUAL_CALLS: f64 = 4.0;

fn read<T: serde::de::DeserializeOwned>(path: PathBuf) -> Result<T, Box<dyn Error>> {
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Measures, writes the results and prints them.
///
/// # Errors
/// What could not be measured, read or written.
pub async fn run(arguments: &RunArguments) -> Result<(), Box<dyn Error>> {
    let is_built = |name: &&str| arguments.functions.join(name).is_file();
    if !FUNCTIONS.iter().all(is_built) {
        return Err(format!(
            "no functions in {}: make bench",
            arguments.functions.display()
        )
        .into());
    }
    let PriceList { region, prices } = read(arguments.folder.join("prices.json"))?;
    let budgets: BTreeMap<String, Budget> = read(arguments.folder.join("budgets.json"))?;
    let limits: Value = read(PathBuf::from("infra/limits.json"))?;
    let plan = Plan {
        functions: arguments.functions.clone(),
        zips: arguments.zips.clone(),
        latency: Latency {
            dynamodb: Duration::from_millis(arguments.dynamodb_ms),
            s3: Duration::from_millis(arguments.s3_ms),
        },
        body_bytes: arguments.body_bytes,
        seconds: arguments.seconds,
        per_second: arguments.per_second,
        share: SHARE,
        cold_starts: arguments.cold_starts,
    };
    println!("the core …");
    let core = crate::core::measured(plan.body_bytes);
    let stock = &mut Stock::new(plan.body_bytes);
    let mut batches = Vec::new();
    let mut items = Vec::new();
    for (records, runs) in [(1, 200), (10, 100), (100, 50), (1_000, 20)] {
        println!("webhook_processor, {records} in a batch …");
        let (batch, standins) = measure::batch(&plan, stock, records, runs).await?;
        items = standins.inserted();
        batches.push(batch);
    }
    println!("the floor …");
    let sent = batches
        .last()
        .map_or(0.0, |batch| batch.call_bytes_per_webhook);
    let received = stock.event(FLOOR_WEBHOOKS).len() as f64 / FLOOR_WEBHOOKS as f64;
    let floor = Floor::measured(Work {
        webhooks: &webhooks(1, FLOOR_WEBHOOKS, plan.body_bytes),
        items: &items,
        wire_bytes: sent + received,
    })?;
    let baseline = match &arguments.python {
        Some(python) => {
            println!("the usual function, in Python …");
            Some(baseline::measured(&plan, python, Path::new(BASELINE)).await?)
        }
        None => None,
    };
    println!("webhook_processor, whole lives of payments …");
    let processes = &limits["capacity"][CAPACITY]["maximum_concurrency"];
    let processes = processes.as_u64().unwrap_or(1) as usize;
    let lives = lives::measured(&plan, &fs::read_to_string(LIVES)?, processes).await?;
    println!("webhook_processor, the largest event …");
    let largest_event = measure::largest_event(&plan, stock).await?;
    let mut analytics = Vec::new();
    for (records, runs) in [(1, 100), (10, 100), (100, 60)] {
        println!("analytics_processor, {records} in a batch …");
        analytics.push(measure::analytics(&plan, &items, records, runs).await?);
    }
    let mut cold_starts = Vec::new();
    for function in FUNCTIONS {
        println!("{function}, cold starts …");
        cold_starts.push(measure::cold_start(&plan, stock, function, &items).await?);
    }
    println!(
        "webhook_processor, {} a second for {} s …",
        plan.per_second, plan.seconds
    );
    let queue = &limits["webhook_queue"];
    let number = |value: &Value| value.as_f64().unwrap_or(1.0);
    let size = number(&queue["batch_size"]);
    let window = number(&queue["batching_window_seconds"]);
    let window_time = Duration::from_secs_f64(window);
    let sustained = measure::sustained(&plan, stock, size as u64, window_time).await?;
    let archive = match &arguments.archive {
        Some(path) => archive_printed(&fs::read_to_string(path)?),
        None => None,
    };

    let graph: Value = read(PathBuf::from("infra/snapshots/stack_dev.json"))?;
    // Without a baseline the usual function is taken to be as fast as ours.
    let one_a_request = baseline.as_ref().and_then(Baseline::one_a_request);
    let by_request = one_a_request
        .map(|usual| usual.cpu_us_per_webhook)
        .or(batches.first().map(|batch| batch.cpu_us_per_webhook))
        .unwrap_or_default();
    let money = Sources {
        prices: &prices,
        stack: &Stack::of(&graph),
        limits: &limits,
        counted: Counted {
            batches: &batches,
            analytics: &analytics,
            lives: &lives,
            cold_starts: &cold_starts,
            archive: archive.as_ref(),
        },
        usual: Usual {
            cpu_us: by_request,
            waits_ms: USUAL_CALLS * arguments.dynamodb_ms as f64,
        },
        share: SHARE,
    }
    .money()?;
    let stripe = core
        .iter()
        .find(|core| core.provider == "stripe")
        .map(|core| core.whole_us);
    let floors = |records: u64| {
        let batch = batches.iter().find(|batch| batch.records == records);
        batch.map(|batch| floor.multiple(batch.cpu_us_per_webhook))
    };
    let measured = |name: &str| match name {
        "webhook_floors_at_1000" => floors(1_000),
        "webhook_floors_at_100" => floors(100),
        "webhook_floors_at_10" => floors(10),
        "webhook_floors_at_1" => floors(1),
        "stripe_core_us" => stripe,
        "first_poll_ms" => cold_starts.first().map(|start| start.first_poll_ms_p50),
        "table_write_units" => lives.first().map(|lives| lives.units.table()),
        "peak_rss_mib" => Some(largest_event.1),
        "largest_zip_mb" => cold_starts
            .iter()
            .map(|start| start.zip_mb)
            .reduce(f64::max),
        "analytics_write_units" => analytics.last().map(Analytics::write_units_per_event),
        "analytics_read_units" => analytics.last().map(Analytics::read_units_per_event),
        "analytics_cpu_ms" => analytics.last().map(|batch| batch.cpu_ms),
        "archive_items_per_second" => archive.as_ref().map(|archive| archive.items_per_second),
        "times_less_than_usual" => baseline.as_ref().and_then(Baseline::times_less),
        "usd_per_million_default" => money.at_default(),
        "usd_per_million_greatest" => money.at_greatest(),
        "usd_share_of_usual" => money.share_of_usual(),
        _ => None,
    };
    let judged = budgets
        .iter()
        .map(|(name, budget)| budget.judge(measured(name)))
        .collect();
    let results = Results {
        measured_at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        machine: Machine::here(arguments.compiler.clone()),
        latency_ms: [
            ("dynamodb", arguments.dynamodb_ms as f64),
            ("s3", arguments.s3_ms as f64),
        ]
        .into(),
        core,
        floor,
        batches,
        baseline,
        lives,
        largest_event,
        analytics,
        cold_starts,
        sustained,
        archive,
        money,
        budgets: judged,
    };
    let text = serde_json::to_string_pretty(&results)? + "\n";
    fs::write(arguments.folder.join("results.json"), text)?;
    plot::draw(&results, &arguments.folder.join("results.svg"))?;
    println!("\nPrices of {region}.\n\n{}", results.tables());
    Ok(())
}
