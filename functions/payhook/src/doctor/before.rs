//! `payhook doctor before`: what of the account would make a deploy fail. Facts in, findings out;
//! [`read`] gathers the facts, and nothing here asks anybody.
//!
//! Sources, stored copies of which were read 2026-11-27:
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html> (100 executions
//! stay unreserved),
//! <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html> (new accounts have
//! less than 1,000), <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
//! (requests a second and the code of that quota; AWS sets the burst by it),
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html> (the five minutes of a
//! signature). A stored copy of <https://docs.aws.amazon.com/general/latest/gr/lambda-service.html>
//! was read 2026-11-28 (the code of Lambda's quota, 1,000 by default).

mod certificate;
mod names;
mod quotas;
pub(super) mod read;
#[cfg(test)]
mod tests;

use aws_adapters::account::{Caller, Certificate, Concurrency, GatewayAccount};
use jiff::{SignedDuration, Timestamp};

use super::finding::{Finding, Known, told};
use super::stack_facts::Limits;
use super::steps::{
    ACCOUNT, CLOCK, EDGE_CERTIFICATE, GATEWAY_LOGGING_ROLE, GATEWAY_THROTTLE, LAMBDA_CONCURRENCY,
    QUEUE_HAS_NO_POLLER, REGION,
};
use certificate::edge_certificate;
pub(super) use names::{Leftover, names_free};
pub(super) use quotas::{Quotas, quotas};

/// What Lambda keeps for functions without a reservation.
const UNRESERVED_MIN: u32 = 100;
/// What an account has by default, once it is not new any more.
const CONCURRENCY_DEFAULT: u32 = 1000;
const CONCURRENCY_QUOTA: &str = "L-B99A9384";
const REQUESTS_QUOTA: &str = "L-8A5B8E43";
/// In most cases AWS refuses a signature that is five minutes off.
const CLOCK_OFF_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Everything that is judged.
pub(super) struct Facts {
    /// What the stack is to be.
    pub(super) wanted: Wanted,
    /// The configured region.
    pub(super) region: Option<String>,
    /// Who asks, and what time it was here then.
    pub(super) caller: Known<(Caller, Timestamp)>,
    pub(super) concurrency: Known<Concurrency>,
    /// What the stack's functions, where they are there already, have reserved.
    pub(super) reserved_already: Known<u32>,
    pub(super) gateway: Known<GatewayAccount>,
    pub(super) quotas: Quotas,
    /// `None` when there is no edge to ask for.
    pub(super) certificate: Option<Known<Option<Certificate>>>,
    pub(super) leftovers: Vec<Leftover>,
    /// Whether the stack's gateway is there.
    pub(super) deployed: Known<bool>,
    /// The states of what polls the webhook queue.
    pub(super) pollers: Known<Vec<String>>,
    pub(super) now: Timestamp,
}

/// What the stack is to be.
pub(super) struct Wanted {
    pub(super) suffix: String,
    pub(super) account: String,
    /// Executions at a time that it reserves.
    pub(super) reserved: u32,
    pub(super) providers: u64,
    /// The edge's name and its certificate.
    pub(super) edge: Option<(String, String)>,
}

/// Every finding, in the order of the steps.
pub(super) fn judge(facts: &Facts, limits: &Limits) -> Vec<Finding> {
    let mut findings = vec![
        region(facts.region.as_deref(), &limits.region),
        told(&ACCOUNT, &facts.caller, |(caller, _)| {
            account(caller, &facts.wanted.account)
        }),
        told(&CLOCK, &facts.caller, |(caller, here)| clock(caller, *here)),
        told(&LAMBDA_CONCURRENCY, &facts.concurrency, |concurrency| {
            told(&LAMBDA_CONCURRENCY, &facts.reserved_already, |own| {
                lambda_concurrency(*concurrency, *own, facts.wanted.reserved, &limits.region)
            })
        }),
        told(&GATEWAY_THROTTLE, &facts.gateway, |gateway| {
            gateway_throttle(gateway, limits)
        }),
        told(&GATEWAY_LOGGING_ROLE, &facts.gateway, |gateway| {
            logging_role(gateway, &facts.wanted.suffix)
        }),
    ];
    let deployed = facts.deployed.clone().unwrap_or(false);
    findings.extend(quotas(
        &facts.quotas,
        facts.wanted.providers,
        deployed,
        &limits.region,
    ));
    findings.push(match (&facts.certificate, &facts.wanted.edge) {
        (Some(certificate), Some((domain, arn))) => {
            told(&EDGE_CERTIFICATE, certificate, |certificate| {
                edge_certificate(certificate.as_ref(), domain, arn, facts.now)
            })
        }
        _ => Finding::unknown(
            &EDGE_CERTIFICATE,
            "no edge was named: give --edge-domain and --edge-certificate, or --config",
        ),
    });
    findings.extend(names_free(&facts.leftovers, &facts.deployed));
    findings.push(told(&QUEUE_HAS_NO_POLLER, &facts.pollers, |pollers| {
        poller(pollers, deployed)
    }));
    findings
}

fn region(configured: Option<&str>, wanted: &str) -> Finding {
    match configured {
        Some(region) if region == wanted => Finding::pass(&REGION, region),
        Some(region) => Finding::fail(
            &REGION,
            format!(
                "{region} is configured and payhook runs in {wanted} only: AWS_REGION={wanted}"
            ),
        ),
        None => Finding::fail(
            &REGION,
            format!("no region is configured: AWS_REGION={wanted}"),
        ),
    }
}

fn account(caller: &Caller, wanted: &str) -> Finding {
    match caller.account.as_deref() {
        Some(account) if account == wanted => Finding::pass(&ACCOUNT, account),
        Some(account) => Finding::fail(
            &ACCOUNT,
            format!(
                "the credentials are of account {account}, not of {wanted}: take those of the \
                 other, or correct --account"
            ),
        ),
        None => Finding::unknown(&ACCOUNT, "sts:GetCallerIdentity was refused"),
    }
}

fn clock(caller: &Caller, here: Timestamp) -> Finding {
    let Some(there) = caller.server_time else {
        return Finding::unknown(&CLOCK, "the answer of AWS had no date");
    };
    let off = here.duration_since(there);
    let seconds = off.abs().as_secs();
    if off.abs() <= CLOCK_OFF_MAX {
        return Finding::pass(&CLOCK, format!("{seconds} s from AWS's"));
    }
    let direction = if off.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    Finding::fail(
        &CLOCK,
        format!(
            "this machine's clock is {seconds} s {direction} AWS's, which mostly refuses \
             signatures from 300 s on: set it by NTP"
        ),
    )
}

fn lambda_concurrency(concurrency: Concurrency, own: u32, reserved: u32, region: &str) -> Finding {
    let Concurrency { limit, unreserved } = concurrency;
    // What the stack has reserved already is its own again.
    let free = unreserved + own;
    let needed = reserved + UNRESERVED_MIN;
    if free >= needed {
        return Finding::pass(
            &LAMBDA_CONCURRENCY,
            format!(
                "{limit} in all, {} stay unreserved beside the stack's {reserved}",
                free - reserved
            ),
        );
    }
    let missing = needed - free;
    let desired = CONCURRENCY_DEFAULT.max(limit + missing);
    Finding::fail(
        &LAMBDA_CONCURRENCY,
        format!(
            "{limit} executions at a time, {free} of them free: the stack reserves {reserved} \
             and Lambda keeps {UNRESERVED_MIN}, \
             so {missing} are missing; ask for {desired}: aws service-quotas \
             request-service-quota-increase \
             --service-code lambda --quota-code {CONCURRENCY_QUOTA} --desired-value {desired} \
             --region {region}"
        ),
    )
}

fn gateway_throttle(gateway: &GatewayAccount, limits: &Limits) -> Finding {
    let (Some(rate), Some(burst)) = (gateway.rate, gateway.burst) else {
        return Finding::unknown(&GATEWAY_THROTTLE, "GET /account does not say");
    };
    let wanted = &limits.gateway;
    let (rate_wanted, burst_wanted) = (wanted.throttle_rate, wanted.throttle_burst);
    if rate >= f64::from(rate_wanted) && i64::from(burst) >= i64::from(burst_wanted) {
        return Finding::pass(
            &GATEWAY_THROTTLE,
            format!("{rate} a second, {burst} at once"),
        );
    }
    Finding::fail(
        &GATEWAY_THROTTLE,
        format!(
            "the account has {rate} requests a second and {burst} at once, the stack's stage \
             {rate_wanted} and {burst_wanted}: \
             what is above is answered with 429; AWS derives the second from the first, so ask \
             for that: aws service-quotas \
             request-service-quota-increase --service-code apigateway --quota-code \
             {REQUESTS_QUOTA} \
             --desired-value {rate_wanted} --region {}",
            limits.region
        ),
    )
}

/// One role serves every gateway of the region, so the last stack that is deployed sets it.
fn logging_role(gateway: &GatewayAccount, suffix: &str) -> Finding {
    let own = format!("webhook_api_logging_role_{suffix}");
    let says = match gateway.logging_role.as_deref() {
        None => "none is set: the deploy sets the stack's".to_owned(),
        Some(role) if role.ends_with(&format!("/{own}")) => "the stack's own".to_owned(),
        Some(role) => format!(
            "{role} writes the logs of this region's gateways now; the deploy puts {own} in its \
             place, which serves them all: \
             before this stack is destroyed, set the other one again"
        ),
    };
    Finding::pass(&GATEWAY_LOGGING_ROLE, says)
}

fn poller(pollers: &[String], deployed: bool) -> Finding {
    if pollers.is_empty() {
        return Finding::pass(&QUEUE_HAS_NO_POLLER, "none");
    }
    if deployed {
        return Finding::pass(&QUEUE_HAS_NO_POLLER, "the deployed stack's own");
    }
    Finding::fail(
        &QUEUE_HAS_NO_POLLER,
        format!(
            "{} event sources of an earlier stack poll the queue of this name: find them by aws \
             lambda \
             list-event-source-mappings and delete them by aws lambda \
             delete-event-source-mapping --uuid …",
            pollers.len()
        ),
    )
}
