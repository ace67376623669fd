//! Counts of what the account holds, beside the quotas that bound them.
//!
//! Sources, stored copies of which were read 2026-11-28:
//! <https://docs.aws.amazon.com/general/latest/gr/apigateway.html> (10,000 API keys; 300 usage
//! plans and the code of that quota),
//! <https://docs.aws.amazon.com/general/latest/gr/kms.html> (100,000 keys; 20,000 requests a second
//! in us-east-2; the codes of both quotas).

use crate::doctor::finding::{Finding, Known};
use crate::doctor::steps::{
    API_KEYS_QUOTA, KMS_KEYS_QUOTA, KMS_REQUEST_RATE, Step, USAGE_PLANS_QUOTA,
};

/// AWS's default, which cannot be raised.
const API_KEYS_MAX: f64 = 10_000.0;
const API_KEYS_A_PROVIDER: u64 = 2;
/// One encrypts, one seals.
const KMS_KEYS: u64 = 2;
/// The stack asks seldom: SQS keeps a data key for as long as the queue says, which is five
/// minutes. DynamoDB keeps a table's key in memory for each caller: until it has been idle for five
/// minutes, says one of its pages, for five minutes, says the other. Secrets Manager keeps none,
/// but a function reads a secret once in five minutes. How often it asks under load is not
/// measured. This number is payhook's own, a twentieth of AWS's default: the rest is for whatever
/// else is in the account. Sources, stored copies of which were read 2026-11-28:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html>,
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html>.
const KMS_REQUESTS_PER_SECOND: f64 = 1000.0;

/// A quota that Service Quotas knows.
#[derive(Clone, Copy, Debug)]
pub(in crate::doctor) struct Code {
    pub(in crate::doctor) service: &'static str,
    pub(in crate::doctor) code: &'static str,
}

pub(in crate::doctor) const USAGE_PLANS: Code = Code {
    service: "apigateway",
    code: "L-E8693075",
};
/// Of the account's own keys. The count has AWS's among them, which this quota does not bound, so
/// there is a little more room than is said.
pub(in crate::doctor) const KMS_KEYS_MAX: Code = Code {
    service: "kms",
    code: "L-C2F1777E",
};
/// Cryptographic operations with symmetric keys, a second.
pub(in crate::doctor) const KMS_REQUESTS: Code = Code {
    service: "kms",
    code: "L-6E3AF000",
};

/// What there is, and how much of it there may be.
pub(in crate::doctor) struct Quotas {
    pub(in crate::doctor) api_keys: Known<u64>,
    pub(in crate::doctor) usage_plans: Known<u64>,
    pub(in crate::doctor) usage_plans_max: Known<f64>,
    pub(in crate::doctor) kms_keys: Known<u64>,
    pub(in crate::doctor) kms_keys_max: Known<f64>,
    pub(in crate::doctor) kms_requests_max: Known<f64>,
}

/// A deployed stack has what it needs already.
pub(in crate::doctor) fn quotas(
    found: &Quotas,
    providers: u64,
    deployed: bool,
    region: &str,
) -> [Finding; 4] {
    let needed = |needed: u64| if deployed { 0 } else { needed };
    [
        room(
            &API_KEYS_QUOTA,
            &found.api_keys,
            &Ok(API_KEYS_MAX),
            needed(providers * API_KEYS_A_PROVIDER),
            "this quota cannot be raised: delete API keys that nobody uses, or limit the setting \
             providers",
        ),
        room(
            &USAGE_PLANS_QUOTA,
            &found.usage_plans,
            &found.usage_plans_max,
            needed(providers),
            &increase(USAGE_PLANS, region),
        ),
        room(
            &KMS_KEYS_QUOTA,
            &found.kms_keys,
            &found.kms_keys_max,
            needed(KMS_KEYS),
            &increase(KMS_KEYS_MAX, region),
        ),
        match &found.kms_requests_max {
            Err(why) => Finding::unknown(&KMS_REQUEST_RATE, why.as_str()),
            Ok(rate) if *rate >= KMS_REQUESTS_PER_SECOND => {
                Finding::pass(&KMS_REQUEST_RATE, format!("{rate} a second"))
            }
            Ok(rate) => Finding::fail(
                &KMS_REQUEST_RATE,
                format!(
                    "{rate} a second are few for a whole account: {}",
                    increase(KMS_REQUESTS, region)
                ),
            ),
        },
    ]
}

fn increase(Code { service, code }: Code, region: &str) -> String {
    format!(
        "aws service-quotas request-service-quota-increase --service-code {service} --quota-code \
         {code} \
         --desired-value … --region {region}"
    )
}

fn room(step: &Step, used: &Known<u64>, most: &Known<f64>, needed: u64, remedy: &str) -> Finding {
    match (used, most) {
        (Err(why), _) | (_, Err(why)) => Finding::unknown(step, why.as_str()),
        (Ok(used), Ok(most)) if (used + needed) as f64 <= *most => {
            Finding::pass(step, format!("{used} of {most}, {needed} more are needed"))
        }
        (Ok(used), Ok(most)) => Finding::fail(
            step,
            format!("{used} of {most} and {needed} more are needed: {remedy}"),
        ),
    }
}
