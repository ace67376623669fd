//! The certificate of the edge, which CloudFront asks ACM for.
//!
//! Sources, stored copies of which were read 2026-11-27:
//! <https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html> (ACM renews 45
//! days ahead, what it once issued for 395 days 60 days ahead; only what a service uses, and only
//! while its CNAME records are there; from 30 days ahead it warns),
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html>
//! (us-east-1 alone).

use aws_adapters::account::Certificate;
use jiff::Timestamp;

use crate::doctor::finding::Finding;
use crate::doctor::steps::EDGE_CERTIFICATE;

/// CloudFront takes certificates from there alone.
pub(super) const REGION: &str = "us-east-1";
/// As ACM's own warnings have it.
const DAYS_MIN: i64 = 30;

/// Whether a name of a certificate, whose first label may be a wildcard, is for the domain.
fn covers(name: &str, domain: &str) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    match (name.strip_prefix("*."), domain.split_once('.')) {
        (Some(parent), Some((label, rest))) => !label.is_empty() && same(parent, rest),
        _ => same(name, domain),
    }
}

/// Whether it is issued, for the domain, and does not end soon.
pub(super) fn edge_certificate(
    certificate: Option<&Certificate>,
    domain: &str,
    arn: &str,
    now: Timestamp,
) -> Finding {
    let fail = |says: String| Finding::fail(&EDGE_CERTIFICATE, says);
    if arn.split(':').nth(3) != Some(REGION) {
        return fail(format!(
            "CloudFront takes certificates of {REGION} alone: request one there for {domain}"
        ));
    }
    let Some(certificate) = certificate else {
        return fail(format!(
            "there is no certificate {arn}: aws acm request-certificate --domain-name {domain} \
             --validation-method DNS --region {REGION}"
        ));
    };
    if certificate.status != "ISSUED" {
        return fail(format!(
            "the certificate is {}: enter the CNAME records that aws acm describe-certificate \
             prints into the zone of {domain}, \
             or request another one",
            certificate.status
        ));
    }
    if !certificate.names.iter().any(|name| covers(name, domain)) {
        return fail(format!(
            "the certificate is for {}, not for {domain}: request one for it",
            certificate.names.join(", ")
        ));
    }
    let Some(end) = certificate.expires_at else {
        return Finding::unknown(&EDGE_CERTIFICATE, "the answer does not say when it ends");
    };
    let days = end.duration_since(now).as_hours() / 24;
    if days < DAYS_MIN {
        return fail(format!(
            "it ends in {days} days and ACM has not renewed it, which it does 45 days ahead \
             where a service uses it: see that its CNAME records are still in the zone, or \
             request another one"
        ));
    }
    Finding::pass(
        &EDGE_CERTIFICATE,
        format!("issued, for {domain}, {days} days left"),
    )
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::doctor::finding::Outcome;

    const ARN: &str = "arn:aws:acm:us-east-1:123456789012:certificate/0";
    const DOMAIN: &str = "hooks.example.com";

    fn now() -> Timestamp {
        "2026-11-27T12:00:00Z".parse().unwrap()
    }

    fn later(days: i64) -> Option<Timestamp> {
        now()
            .checked_add(SignedDuration::from_hours(24 * days))
            .ok()
    }

    fn certificate() -> Certificate {
        Certificate {
            status: "ISSUED".to_owned(),
            names: vec![DOMAIN.to_owned()],
            expires_at: later(90),
        }
    }

    fn check(certificate: Option<&Certificate>, arn: &str, outcome: Outcome, words: &str) {
        let finding = edge_certificate(certificate, DOMAIN, arn, now());
        assert_eq!(finding.outcome, outcome, "{finding:?}");
        assert!(finding.says.contains(words), "{finding:?}");
    }

    #[test]
    fn the_edges_certificate_is_good_for_its_name() {
        use Outcome::{CouldNotTell, Fail, Pass};
        check(Some(&certificate()), ARN, Pass, "90 days left");
        for (name, outcome, words) in [
            ("*.example.com", Pass, "issued"),
            ("HOOKS.example.com", Pass, "issued"),
            ("example.com", Fail, "is for example.com, not"),
            ("*.hooks.example.com", Fail, "request one"),
        ] {
            let named = Certificate {
                names: vec![name.to_owned()],
                ..certificate()
            };
            check(Some(&named), ARN, outcome, words);
        }
        for (days, outcome) in [(30, Pass), (29, Fail), (-1, Fail)] {
            let ending = Certificate {
                expires_at: later(days),
                ..certificate()
            };
            check(Some(&ending), ARN, outcome, "days");
        }
        let endless = Certificate {
            expires_at: None,
            ..certificate()
        };
        check(Some(&endless), ARN, CouldNotTell, "when it ends");
        let pending = Certificate {
            status: "PENDING_VALIDATION".to_owned(),
            ..certificate()
        };
        check(Some(&pending), ARN, Fail, "PENDING_VALIDATION");
        check(None, ARN, Fail, "there is no certificate");
        let elsewhere = ARN.replace("us-east-1", "us-east-2");
        check(Some(&certificate()), &elsewhere, Fail, "us-east-1 alone");
    }
}
