//! A function that runs between a Runtime API and stand-ins for AWS.

use std::path::Path;
use std::time::{Duration, Instant};

use hyper::body::Bytes;

use crate::measure::{MeasureError, Plan, system};
use crate::process::Function;
use crate::runtime_api::RuntimeApi;
use crate::standins::StandIns;
use crate::table::Table;

/// A function that has not asked for an event after this does not start. Under a tool that counts
/// instructions it takes fifty times as long as by itself.
const POLLED_WITHIN: Duration = Duration::from_secs(120);

/// A function that runs and was asked nothing yet.
pub(crate) struct Running {
    pub(crate) function: Function,
    runtime: RuntimeApi,
    pub(crate) started: Instant,
    pub(crate) polled: Instant,
}

/// Starts a function of payhook.
pub(crate) async fn run(
    plan: &Plan,
    name: &str,
    standins: &StandIns,
) -> Result<Running, MeasureError> {
    start(&plan.functions.join(name), &[], name, standins).await
}

/// Starts a program with its arguments as the function of this name, and waits until it asks for an
/// event.
pub(crate) async fn start(
    program: &Path,
    arguments: &[&Path],
    name: &str,
    standins: &StandIns,
) -> Result<Running, MeasureError> {
    let mut runtime = RuntimeApi::start().await.map_err(MeasureError::port)?;
    let started = Instant::now();
    let function = Function::start(program, arguments, name, runtime.address, standins.address)
        .map_err(system(program.display().to_string()))?;
    let polled = tokio::time::timeout(POLLED_WITHIN, runtime.polled()).await;
    let polled = polled
        .ok()
        .flatten()
        .ok_or_else(|| MeasureError::Function(name.to_owned()))?;
    Ok(Running {
        function,
        runtime,
        started,
        polled,
    })
}

/// Stand-ins whose table remembers nothing.
pub(crate) async fn stand_ins(plan: &Plan) -> Result<StandIns, MeasureError> {
    StandIns::start(plan.latency, Table::default())
        .await
        .map_err(MeasureError::port)
}

impl Running {
    /// Hands over an event, and says how long the answer took.
    pub(crate) async fn invoke(&self, name: &str, event: &Bytes) -> Result<Duration, MeasureError> {
        let answered = self.runtime.invoke(event.clone()).await;
        let answered = answered.filter(|answered| answered.succeeded);
        let answered = answered.ok_or_else(|| MeasureError::Function(name.to_owned()))?;
        let text = String::from_utf8_lossy(&answered.body).into_owned();
        if text.contains("itemIdentifier") {
            return Err(MeasureError::Failed(text.chars().take(200).collect()));
        }
        Ok(answered.took)
    }

    /// What the function has logged since the last time that this was asked.
    pub(crate) fn logged(&mut self) -> Result<String, MeasureError> {
        let log = self.function.logged();
        log.map_err(system("the function's log"))
    }
}
