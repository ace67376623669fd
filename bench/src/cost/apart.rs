//! Lines that stand apart from the bill, because a stack may be without them: the firewall, the edge,
//! and passing on.

use super::requests::ANSWER_BYTES;
use super::{GB, Line, MILLION, Model, millions};

/// Bytes of a line of the edge's log. Assumed from its fields.
const EDGE_LOG_BYTES: f64 = 400.0;

impl Model<'_> {
    /// The firewall, the edge, and passing on, in this order.
    pub fn apart(&self) -> Vec<Line> {
        vec![self.firewall(), self.edge(), self.passing_on()]
    }

    /// Its log keeps what it blocked or suspected, which is none of a million genuine webhooks.
    pub(super) fn firewall(&self) -> Line {
        let prices = self.prices;
        let month =
            prices.waf_acl_month.usd + self.stack.firewall_rules * prices.waf_rule_month.usd;
        let usd = prices.waf_million_requests.usd + month / self.millions();
        let quantity = format!(
            "{}, {:.0} rules",
            millions(MILLION),
            self.stack.firewall_rules
        );
        Line::new("Firewall", quantity, usd)
    }

    /// Each request goes through the function and on to the origin with its body; the answer goes
    /// out here and not at the gateway.
    pub(super) fn edge(&self) -> Line {
        let prices = self.prices;
        let bodies = MILLION * self.of(|batch| batch.body_bytes_mean) / GB;
        let answers = MILLION * ANSWER_BYTES / GB;
        let log = MILLION * EDGE_LOG_BYTES / GB;
        let requests = MILLION / 1e4 * prices.cloudfront_ten_thousand_requests.usd;
        let usd = requests
            + prices.cloudfront_million_functions.usd
            + bodies * prices.cloudfront_to_origin_gb.usd
            + answers * (prices.cloudfront_out_gb.usd - prices.data_out_gb.usd)
            + log * prices.vended_log_gb.usd;
        let quantity = format!("{}, {bodies:.2} GB to the origin", millions(MILLION));
        Line::new("Edge", quantity, usd)
    }

    /// A pipe from the stream and a bus, for every stored event and movement.
    pub(super) fn passing_on(&self) -> Line {
        let records = MILLION * self.streamed_each();
        let each = self.prices.eventbridge_million_pipe_requests.usd
            + self.prices.eventbridge_million_events.usd;
        let quantity = format!("{} records", millions(records));
        Line::new("Passing on", quantity, records / MILLION * each)
    }
}
