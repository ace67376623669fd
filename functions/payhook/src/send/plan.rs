//! Which webhooks are sent, in which order, with which bytes.
//!
//! Invariant: pure. The same [`Order`] gives the same plan, and a planned webhook at the same time the same bytes. Signatures are made when a
//! webhook's turn comes, by a clock that is handed in: a long run would otherwise end with stale ones.
//!
//! Ids are made of a sequence number of 19 digits that begins with 10 or 11: no card number begins so, and none would be masked as one.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use provider_webhooks::sign::{SignedRequest, sign};
use provider_webhooks::{
    Authenticity, EventTimeStability, ProviderInfo, SampleParams, Secrets, SignatureCoverage,
    sample, sample_secrets,
};

use super::random::{Random, note_with_pan};
use crate::error::Error;

/// Webhooks of one run: 22 bits of the sequence number.
pub(crate) const WEBHOOKS_MAX: u64 = 1 << 22;
/// Seeds: 35 bits of the sequence number.
pub(crate) const SEED_MAX: u64 = (1 << 35) - 1;
const SEQUENCE_FIRST: u64 = 1_000_000_000_000_000_000;
/// `sample` spreads Adyen's references over 60 bits.
const _: () = assert!(SEQUENCE_FIRST + (SEED_MAX + 1) * WEBHOOKS_MAX <= 1 << 60);
/// A duplicate follows its original within so many places, so that it mostly comes before the signature is stale.
const DUPLICATE_WITHIN: u64 = 64;
/// Stale signatures are older than the provider's window by this much, and by up to as much again.
const STALE_SECONDS: u64 = 3600;

/// What to send.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) signers: Vec<Signer>,
    pub(crate) genuine: u32,
    pub(crate) forged: u32,
    pub(crate) duplicates: u32,
    pub(crate) stale: u32,
    pub(crate) with_pan: u32,
    pub(crate) seed: u64,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
}

/// A provider to sign as.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) info: &'static ProviderInfo,
    pub(crate) secrets: Secrets,
}

/// What becomes of a webhook at the endpoint's far side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Accepted.
    Genuine,
    /// Rejected: `signature_mismatch`.
    Forged,
    /// Recognised as one that came before.
    Duplicate,
    /// Rejected: `timestamp_stale`.
    Stale,
}

/// One webhook of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Index among the order's signers.
    signer: usize,
    pub(crate) kind: Kind,
    /// A duplicate has its original's.
    pub(crate) sequence: u64,
    /// So has it its card number.
    pub(crate) planted_pan: bool,
}

/// A webhook, signed.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) info: &'static ProviderInfo,
    pub(crate) kind: Kind,
    pub(crate) planted_pan: bool,
    pub(crate) request: SignedRequest,
}

/// The webhooks of a run, in their order.
pub(crate) struct Plan {
    order: Order,
    slots: Vec<Slot>,
}

/// The number of the first webhook of a run.
pub(crate) fn first_sequence(seed: u64) -> u64 {
    SEQUENCE_FIRST + (seed & SEED_MAX) * WEBHOOKS_MAX
}

fn checked(order: &Order) -> Result<(), Error> {
    let total = [order.genuine, order.forged, order.duplicates, order.stale]
        .into_iter()
        .map(u64::from)
        .sum::<u64>();
    if order.signers.is_empty() {
        Err(Error::NoProvider)
    } else if total > WEBHOOKS_MAX {
        Err(Error::TooManyWebhooks(WEBHOOKS_MAX))
    } else {
        Ok(())
    }
}

/// The signers, by index, whose entry in the catalogue says so.
fn signers(order: &Order, says: impl Fn(&ProviderInfo) -> bool) -> Vec<usize> {
    (0..order.signers.len())
        .filter(|i| says(order.signers[*i].info))
        .collect()
}

/// Providers whose webhooks can be forged: where nobody signs, there is no wrong signature.
fn forgeable(order: &Order) -> Result<Vec<usize>, Error> {
    let signed = signers(order, |info| info.authenticity != Authenticity::Unsigned);
    if order.forged > 0 && signed.is_empty() {
        return Err(Error::NothingToForge);
    }
    Ok(signed)
}

/// Providers with a time in their signature, by index among the signers.
fn timed(order: &Order) -> Result<Vec<usize>, Error> {
    let timed = signers(order, |info| info.replay_window_past_seconds.is_some());
    if order.stale > 0 && timed.is_empty() {
        let names: Vec<&str> = provider_webhooks::providers::ALL
            .iter()
            .map(|p| p.info())
            .filter(|info| info.replay_window_past_seconds.is_some())
            .map(|info| info.name)
            .collect();
        return Err(Error::NoSignedTime(names.join(", ")));
    }
    Ok(timed)
}

/// Plans `order`. Genuine webhooks go round-robin over the providers; the others are strewn among them.
///
/// # Errors
/// When the order cannot be met, or a provider's secret does not sign.
pub(crate) fn plan(order: Order) -> Result<Plan, Error> {
    checked(&order)?;
    let (timed, forgeable) = (timed(&order)?, forgeable(&order)?);
    let all = signers(&order, |_| true);
    let mut random = Random::new(order.seed);
    let mut sequence = first_sequence(order.seed);
    // A slot and its place: genuine ones stand at whole numbers (in the upper half of 64 bits), the others somewhere between.
    let mut placed: Vec<(u64, Slot)> = Vec::new();
    let of_kind = |kind, count: u32, signers: &[usize], sequence: &mut u64| -> Vec<Slot> {
        let slots = signers.iter().cycle().take(count as usize);
        slots
            .map(|signer| {
                *sequence += 1;
                Slot {
                    signer: *signer,
                    kind,
                    sequence: *sequence - 1,
                    planted_pan: false,
                }
            })
            .collect()
    };
    let mut genuine = of_kind(Kind::Genuine, order.genuine, &all, &mut sequence);
    let mut with_text = random.shuffled(order.genuine);
    with_text.retain(|n| order.signers[genuine[*n as usize].signer].info.free_text);
    if order.with_pan as usize > with_text.len() {
        return Err(Error::TooManyPans(with_text.len()));
    }
    for chosen in with_text.into_iter().take(order.with_pan as usize) {
        genuine[chosen as usize].planted_pan = true;
    }
    for (kind, count, signers) in [
        (Kind::Forged, order.forged, &forgeable),
        (Kind::Stale, order.stale, &timed),
    ] {
        for slot in of_kind(kind, count, signers, &mut sequence) {
            placed.push((random.below((u64::from(order.genuine) + 1) << 32), slot));
        }
    }
    // Where the time of receipt is all that tells deliveries apart, a repetition is an event of its own.
    let mut originals = random.shuffled(order.genuine);
    originals.retain(|n| {
        order.signers[genuine[*n as usize].signer].info.event_time != EventTimeStability::Receipt
    });
    if order.duplicates > 0 && originals.is_empty() {
        return Err(Error::NothingToRepeat);
    }
    for original in originals.iter().cycle().take(order.duplicates as usize) {
        let slot = Slot {
            kind: Kind::Duplicate,
            ..genuine[*original as usize].clone()
        };
        let after = 1 + random.below(DUPLICATE_WITHIN << 32);
        placed.push((((u64::from(*original) + 1) << 32) + after, slot));
    }
    placed.extend((1u64..).map(|n| n << 32).zip(genuine));
    placed.sort_by_key(|(place, _)| *place);
    let plan = Plan {
        order,
        slots: placed.into_iter().map(|(_, slot)| slot).collect(),
    };
    plan.try_signing()?;
    Ok(plan)
}

impl Plan {
    /// How many webhooks.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Says at once what would otherwise be said in the middle of the run.
    fn try_signing(&self) -> Result<(), Error> {
        for signer in 0..self.order.signers.len() {
            let info = self.order.signers[signer].info;
            let kinds = match info.authenticity {
                Authenticity::Unsigned => &[Kind::Genuine][..],
                Authenticity::Signed | Authenticity::SharedSecret => &[Kind::Genuine, Kind::Forged],
            };
            for &kind in kinds {
                let slot = Slot {
                    signer,
                    kind,
                    sequence: SEQUENCE_FIRST,
                    planted_pan: false,
                };
                self.signed(&slot, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH)?;
            }
        }
        Ok(())
    }

    /// The webhooks, each signed when it is asked for. `clock` says what time it is then.
    pub(crate) fn webhooks(
        &self,
        mut clock: impl FnMut() -> Timestamp,
    ) -> impl Iterator<Item = Result<Signed, Error>> {
        let repeated: HashSet<u64> = self
            .slots
            .iter()
            .filter(|s| s.kind == Kind::Duplicate)
            .map(|s| s.sequence)
            .collect();
        let mut made_at: HashMap<u64, Timestamp> = HashMap::new();
        self.slots.iter().map(move |slot| {
            let now = clock();
            let made = match (slot.kind, made_at.get(&slot.sequence)) {
                (Kind::Duplicate, Some(made)) => *made,
                _ => now,
            };
            if repeated.contains(&slot.sequence) {
                made_at.insert(slot.sequence, made);
            }
            self.signed(slot, made, now)
        })
    }

    /// `made` is when the event came to be, which its body tells; `now` is when it is sent. Signing is deterministic: a duplicate has its
    /// original's bytes, but where the old signature would be stale: there it is signed again, as a provider does that sends again.
    fn signed(&self, slot: &Slot, made: Timestamp, now: Timestamp) -> Result<Signed, Error> {
        let signer = &self.order.signers[slot.signer];
        let signing = |source| Error::Sign {
            provider: signer.info.name,
            source,
        };
        let stale_by = match slot.kind {
            Kind::Stale => stale_by(signer.info, slot.sequence),
            Kind::Genuine | Kind::Forged | Kind::Duplicate => SignedDuration::ZERO,
        };
        let made = made - stale_by;
        let at = if outlived(signer.info, made, now - stale_by) {
            now
        } else {
            made
        };
        let body = |amount_minor: i64| {
            let params = SampleParams {
                sequence: slot.sequence,
                amount_minor,
                currency: self.order.currency.clone(),
                at: made,
                note: slot.planted_pan.then(|| note_with_pan(slot.sequence)),
            };
            sample(signer.info.name, &params).ok_or(Error::NoSample(signer.info.name))
        };
        let original = body(self.order.amount_minor)?;
        let with = |secrets: &Secrets| {
            let message_id = format!("msg_{:024x}", slot.sequence);
            sign(signer.info.name, &original, secrets, at, &message_id)
        };
        let mut request = with(&signer.secrets).map_err(signing)?;
        if slot.kind == Kind::Forged {
            let changed = body(self.order.amount_minor ^ 1)?;
            if signer.info.covers == SignatureCoverage::WholeBody && changed != original {
                // Somebody changed the amount under way.
                request.body = changed;
            } else {
                // The signature is inside the body, or does not cover the amount: somebody signed with another key.
                request = with(&other_secrets(signer)).map_err(signing)?;
            }
        }
        Ok(Signed {
            info: signer.info,
            kind: slot.kind,
            planted_pan: slot.planted_pan,
            request,
        })
    }
}

/// Whether more than half of the window has passed since `made`: what is left is for the way to the endpoint.
fn outlived(info: &ProviderInfo, made: Timestamp, now: Timestamp) -> bool {
    info.replay_window_past_seconds
        .is_some_and(|window| now.duration_since(made).as_secs() > i64::from(window / 2))
}

fn stale_by(info: &ProviderInfo, sequence: u64) -> SignedDuration {
    let window = u64::from(info.replay_window_past_seconds.unwrap_or(0));
    let seconds = window + STALE_SECONDS + Random::new(sequence).below(STALE_SECONDS);
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Secrets of the same form that are not the provider's: other keys, or where there are none, other settings.
fn other_secrets(signer: &Signer) -> Secrets {
    let other = sample_secrets(signer.info, 200);
    match other.keys() {
        [] => other,
        keys => signer.secrets.with_keys(keys.to_vec()),
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
