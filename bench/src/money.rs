//! The bill at each volume, for few and for many providers, beside the usual design.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cost::{Counted, Line, Load, Model, Prices, Sizing, SizingError, Stack, Usual, sum};
use crate::text::{figure, table};

/// Volumes that are told, in webhooks a second.
pub const VOLUMES: [f64; 6] = [1.0, 10.0, 100.0, 400.0, 1_000.0, 10_000.0];
/// What a stack is sized for unless it is told otherwise: the first of `capacity` in
/// `infra/limits.json`.
pub const DEFAULT_VOLUME: f64 = 400.0;
/// The most that the gateway takes without a raised quota.
pub const GREATEST_VOLUME: f64 = 10_000.0;
/// Few and many.
pub const PROVIDERS: [u32; 2] = [3, 22];
/// Of these the bill is told line by line.
pub const MANY: u32 = PROVIDERS[1];

/// A point of the curve of cost against volume. All are US dollars per million webhooks.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Volume {
    /// Webhooks a second, day and night.
    pub per_second: f64,
    /// Providers of the stack.
    pub providers: u32,
    /// Webhooks in a batch.
    pub records: f64,
    /// All of the bill, batches dealt to processes in turn.
    pub usd_per_million: f64,
    /// The same where one process takes every batch.
    pub usd_per_million_one_process: f64,
    /// The usual design: a function that is started for each request.
    pub usd_per_million_by_request: f64,
    /// The firewall, apart.
    pub usd_firewall: f64,
    /// The edge, apart.
    pub usd_edge: f64,
}

/// Bills of a million webhooks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Money {
    /// At the default volume, many providers.
    pub bill: Vec<Line>,
    /// What stands apart there: firewall, edge, passing on.
    pub apart: Vec<Line>,
    /// The usual design there.
    pub usual: Vec<Line>,
    /// Against volume.
    pub volumes: Vec<Volume>,
}

/// What the bills are made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// AWS's prices.
    pub prices: &'a Prices,
    /// The reviewed stack.
    pub stack: &'a Stack,
    /// `infra/limits.json`.
    pub limits: &'a Value,
    /// What was measured.
    pub counted: Counted<'a>,
    /// The usual function.
    pub usual: Usual,
    /// Of one processor, that a function has.
    pub share: f64,
}

impl Sources<'_> {
    fn model(&self, per_second: f64, providers: u32, one: bool) -> Result<Model<'_>, SizingError> {
        Ok(Model {
            prices: self.prices,
            stack: self.stack,
            counted: self.counted,
            sizing: Sizing::of(self.limits, per_second)?,
            load: Load {
                per_second,
                providers: f64::from(providers),
                one_process: one,
            },
            share: self.share,
        })
    }

    fn volume(&self, per_second: f64, providers: u32) -> Result<Volume, SizingError> {
        let model = self.model(per_second, providers, false)?;
        let apart = model.apart();
        let apart_usd = |what: &str| {
            let line = apart.iter().find(|line| line.what == what);
            line.map_or(0.0, |line| line.usd)
        };
        Ok(Volume {
            per_second,
            providers,
            records: model.records(),
            usd_per_million: sum(&model.bill()),
            usd_per_million_one_process: sum(&self.model(per_second, providers, true)?.bill()),
            usd_per_million_by_request: sum(&model.by_request(self.usual)),
            usd_firewall: apart_usd("Firewall"),
            usd_edge: apart_usd("Edge"),
        })
    }

    /// Every bill.
    ///
    /// # Errors
    /// A [`SizingError`] where a limit is missing.
    pub fn money(&self) -> Result<Money, SizingError> {
        let default = self.model(DEFAULT_VOLUME, MANY, false)?;
        let mut volumes = Vec::new();
        for per_second in VOLUMES {
            for providers in PROVIDERS {
                volumes.push(self.volume(per_second, providers)?);
            }
        }
        Ok(Money {
            bill: default.bill(),
            apart: default.apart(),
            usual: default.by_request(self.usual),
            volumes,
        })
    }
}

impl Money {
    fn at(&self, per_second: f64) -> Option<f64> {
        let fits = |v: &&Volume| v.per_second == per_second && v.providers == MANY;
        let volume = self.volumes.iter().find(fits)?;
        Some(volume.usd_per_million)
    }

    /// US dollars per million at the default volume, with many providers.
    pub fn at_default(&self) -> Option<f64> {
        self.at(DEFAULT_VOLUME)
    }

    /// The same at the greatest volume.
    pub fn at_greatest(&self) -> Option<f64> {
        self.at(GREATEST_VOLUME)
    }

    /// The greatest share of the usual design's bill, over all volumes and numbers of providers.
    pub fn share_of_usual(&self) -> Option<f64> {
        let shares = self
            .volumes
            .iter()
            .map(|volume| volume.usd_per_million / volume.usd_per_million_by_request);
        shares.reduce(f64::max)
    }
}

/// Rows of a bill, and what they come to.
fn rows(lines: &[Line]) -> String {
    let row = |line: &Line| vec![line.what.clone(), line.quantity.clone(), cents(line.usd)];
    let mut rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    rows.push(vec!["all".to_owned(), String::new(), cents(sum(lines))]);
    table(&["for", "quantity", "USD"], &rows)
}

/// A line of a bill may be a hundredth of a cent.
fn cents(usd: f64) -> String {
    format!("{usd:.4}")
}

impl Money {
    /// The bills as tables.
    pub fn tables(&self) -> String {
        let volumes: Vec<Vec<String>> = self
            .volumes
            .iter()
            .map(|v| {
                let usd = [
                    v.records,
                    v.usd_per_million,
                    v.usd_per_million_one_process,
                    v.usd_per_million_by_request,
                    v.usd_firewall,
                    v.usd_edge,
                ];
                let mut row = vec![figure(v.per_second), v.providers.to_string()];
                row.extend(usd.map(figure));
                row
            })
            .collect();
        let apart: Vec<Vec<String>> = self
            .apart
            .iter()
            .map(|line| vec![line.what.clone(), line.quantity.clone(), cents(line.usd)])
            .collect();
        format!(
            "A million webhooks, {DEFAULT_VOLUME} a second of {MANY} providers (list prices)\n{}\n\
             Apart from it\n{}\n\
             The usual design there: a function that is started for each request\n{}\n\
             Against volume (USD per million)\n{}",
            rows(&self.bill),
            table(&["for", "quantity", "USD"], &apart),
            rows(&self.usual),
            table(
                &[
                    "a second",
                    "providers",
                    "in a batch",
                    "payhook",
                    "one process",
                    "a function a request",
                    "firewall",
                    "edge"
                ],
                &volumes
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(per_second: f64, providers: u32, ours: f64, usual: f64) -> Volume {
        Volume {
            per_second,
            providers,
            records: 1.0,
            usd_per_million: ours,
            usd_per_million_one_process: ours,
            usd_per_million_by_request: usual,
            usd_firewall: 0.6,
            usd_edge: 1.2,
        }
    }

    #[test]
    fn the_judged_volumes_have_many_providers_and_the_dearest_share_counts() {
        let money = Money {
            volumes: vec![
                volume(1.0, MANY, 30.0, 20.0),
                volume(DEFAULT_VOLUME, 3, 5.0, 10.0),
                volume(DEFAULT_VOLUME, MANY, 5.5, 10.0),
                volume(GREATEST_VOLUME, MANY, 4.4, 10.0),
            ],
            ..Money::default()
        };
        assert_eq!(money.at_default(), Some(5.5));
        assert_eq!(money.at_greatest(), Some(4.4));
        assert_eq!(money.share_of_usual(), Some(1.5));
        assert_eq!(Money::default().at_default(), None);
        assert_eq!(Money::default().share_of_usual(), None);
    }

    #[test]
    fn every_volume_is_told_for_few_and_for_many_providers() {
        let limits = include_str!("../../infra/limits.json");
        let limits: Value = serde_json::from_str(limits).unwrap();
        let usual = Usual {
            cpu_us: 2_000.0,
            waits_ms: 24.0,
        };
        let money = crate::cost::example::with(1.0, false, |model| {
            Sources {
                prices: model.prices,
                stack: model.stack,
                limits: &limits,
                counted: model.counted,
                usual,
                share: model.share,
            }
            .money()
            .unwrap()
        });
        assert_eq!(money.volumes.len(), VOLUMES.len() * PROVIDERS.len());
        for pair in money.volumes.chunks(2) {
            // More providers have more alarms, metrics and secrets.
            assert!(pair[0].usd_per_million < pair[1].usd_per_million);
            assert!(pair[0].usd_per_million_one_process < pair[0].usd_per_million);
        }
        assert!((sum(&money.bill) - money.at_default().unwrap()).abs() < 1e-9);
        let text = money.tables();
        assert!(text.contains("API Gateway, requests") && text.contains("Firewall"));
    }
}
