//! Cybersource: a search of transactions that webhooks do not compare with.
//!
//! Sources: cybersource-rest-client-node (commit 5917a31) `docs/SearchTransactionsApi.md`,
//! `docs/CreateSearchRequest.md` and `docs/TssV2TransactionsPost201Response*.md`, read 2026-11-28;
//! an older release's `docs/ReplayWebhooksApi.md`, read 2026-11-27.
//!
//! A request to the API is signed as a whole, for which there is no kind of credential here. And by
//! the published rules the payload of a payment's webhook is encrypted, so that it tells no
//! movement that a search could be compared with: every transaction would be called missing.

use crate::unlisted::Unlisted;
use crate::{Auth, ListingInfo, Lists};

pub(super) static CYBERSOURCE: Unlisted = Unlisted(&INFO);

static INFO: ListingInfo = ListingInfo {
    provider: "cybersource",
    lists: Lists::Nothing,
    source: "https://github.com/CyberSource/cybersource-rest-client-node docs/SearchTransactionsApi.md, read 2026-11-28",
    base_url: "",
    auth: Auth::None,
    rights: "",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 1,
    resend: "",
    leaves_out: "everything: transactions can be searched (POST /tss/v2/searches), but the payload of a payment's webhook is encrypted and tells no money to compare with, and each request has to be signed as a whole (HTTP signature or JWT). Compare the transaction reports of the Business Center with what is stored; webhooks of at most a month ago could be replayed by POST /nrtf/v1/webhooks/{webhookId}/replays",
    unconfirmed: "whether webhooks can still be replayed: a library of an older release has the call, that of today has not",
};
