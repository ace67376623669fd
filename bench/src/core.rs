//! The pure core by itself: a webhook is verified, read and masked, without clock or network.

use std::hint::black_box;
use std::time::{Duration, Instant};

use card_masking::mask_json;
use provider_webhooks::{Headers, Provider, RawWebhook, Secrets, providers, sample_secrets};

use crate::figures::Core;
use crate::workload::{received_at, senders, webhook};

/// A step of the core, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The signature.
    Verify,
    /// Signature, then the events.
    Parse,
    /// The document, masked.
    Mask,
    /// All of it.
    Whole,
}

/// A webhook that is ready to be worked on again and again.
pub struct Case {
    provider: &'static dyn Provider,
    body: Vec<u8>,
    headers: Headers,
    secrets: Secrets,
}

impl Case {
    /// A webhook of this provider with about so many bytes; `None` for a provider that is not in the catalogue or cannot be signed for.
    pub fn new(provider: &str, bytes: usize) -> Option<Self> {
        let provider = providers::by_name(provider)?;
        let made = webhook(provider, 1, bytes)?;
        Some(Self {
            provider,
            body: made.request.body,
            headers: Headers::new(made.request.headers),
            secrets: sample_secrets(provider.info(), 1),
        })
    }

    /// Bytes of the body.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Runs the step once. `false` when the webhook was refused, which no case is.
    pub fn run(&self, step: Step) -> bool {
        let raw = RawWebhook::new(black_box(&self.body), self.headers.clone());
        let Ok(verified) = self.provider.verify(raw, &self.secrets, received_at()) else {
            return false;
        };
        let read = || {
            !black_box(self.provider.parse(&verified))
                .as_slice()
                .is_empty()
        };
        let masked = || {
            let document = self.provider.document(&verified);
            black_box(mask_json(&document, self.provider.masking())).is_ok()
        };
        match step {
            Step::Verify => true,
            Step::Parse => read(),
            Step::Mask => masked(),
            Step::Whole => read() && masked(),
        }
    }

    /// Microseconds of a step, the median of many short runs: what disturbs the machine makes some of them longer and none shorter.
    pub fn microseconds(&self, step: Step) -> f64 {
        const RUNS: usize = 51;
        const RUN: Duration = Duration::from_millis(4);
        let mut each: Vec<f64> = (0..RUNS)
            .map(|_| {
                let begun = Instant::now();
                let mut times = 0_u32;
                while begun.elapsed() < RUN {
                    for _ in 0..16 {
                        black_box(self.run(step));
                    }
                    times += 16;
                }
                begun.elapsed().as_secs_f64() * 1e6 / f64::from(times)
            })
            .collect();
        each.sort_by(f64::total_cmp);
        each.get(RUNS / 2).copied().unwrap_or_default()
    }
}

/// The cases whose instructions are counted: names that stay, so that counts can be compared.
pub const COUNTED: &[(&str, &str, usize, Step)] = &[
    ("stripe_3k_verify", "stripe", 3072, Step::Verify),
    ("stripe_3k_whole", "stripe", 3072, Step::Whole),
    ("stripe_8k_whole", "stripe", 8192, Step::Whole),
    ("adyen_1k_whole", "adyen", 1024, Step::Whole),
    ("gocardless_3k_whole", "gocardless", 3072, Step::Whole),
];

/// The core, by provider, on bodies of three kilobytes.
pub fn measured(bytes: usize) -> Vec<Core> {
    let names = senders().into_iter().map(|provider| provider.info().name);
    names
        .filter_map(|name| {
            let case = Case::new(name, bytes)?;
            Some(Core {
                provider: name.to_owned(),
                bytes: case.bytes() as u64,
                verify_us: case.microseconds(Step::Verify),
                whole_us: case.microseconds(Step::Whole),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_goes_through() {
        for info in crate::workload::senders()
            .iter()
            .map(|provider| provider.info())
        {
            for bytes in [1024, 3072, 8192] {
                let case = Case::new(info.name, bytes).unwrap();
                assert!(case.run(Step::Whole), "{}", info.name);
            }
        }
        for (name, provider, bytes, step) in COUNTED {
            assert!(Case::new(provider, *bytes).unwrap().run(*step), "{name}");
        }
        assert!(Case::new("nobody", 1).is_none());
    }
}
