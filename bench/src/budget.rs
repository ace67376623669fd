//! What things may cost, beside what they do. No budget decides a test.

use serde::{Deserialize, Serialize};

/// `bench/budgets.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Budget {
    what: String,
    unit: String,
    most: Option<f64>,
    least: Option<f64>,
    goal: Option<f64>,
}

/// A budget beside what was measured. None decides a test.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// In words.
    pub what: String,
    /// Of both.
    pub unit: String,
    /// What it may be.
    pub budget: f64,
    /// What it shall become.
    pub goal: Option<f64>,
    /// What it is; `None` where it was not measured.
    pub measured: Option<f64>,
    /// Whether it is within its budget.
    pub within: Option<bool>,
}

impl Budget {
    /// Beside what was measured.
    pub fn judge(&self, measured: Option<f64>) -> Judged {
        let within = |value: f64| {
            self.most.is_none_or(|most| value <= most)
                && self.least.is_none_or(|least| value >= least)
        };
        Judged {
            what: self.what.clone(),
            unit: self.unit.clone(),
            budget: self.most.or(self.least).unwrap_or_default(),
            goal: self.goal,
            measured,
            within: measured.map(within),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_budget_has_a_most_or_a_least() {
        let budgets: BTreeMap<String, Budget> =
            serde_json::from_str(include_str!("../budgets.json")).unwrap();
        let within = |name: &str, value: f64| budgets[name].judge(Some(value)).within;
        assert_eq!(within("stripe_core_us", 10.0), Some(true));
        assert_eq!(within("stripe_core_us", 10.1), Some(false));
        assert_eq!(within("archive_items_per_second", 99_999.0), Some(false));
        assert_eq!(budgets["usd_per_million_default"].judge(None).within, None);
    }
}
