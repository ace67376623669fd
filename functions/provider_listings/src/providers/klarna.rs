//! Klarna: lists settlements by other ids than those of its webhooks.
//!
//! Sources: Klarna's description of its settlements API as github.com/api-evangelist/klarna keeps
//! it (`openapi/_original/klarna-settlements-api-openapi.yml`: paths, fields of a transaction),
//! read 2026-11-28; <https://docs.klarna.com/api/kn/klarna-notifications-api> (no list of
//! notifications), read 2026-11-27.

use crate::unlisted::Unlisted;
use crate::{Auth, ListingInfo, Lists};

pub(super) static KLARNA: Unlisted = Unlisted(&INFO);

static INFO: ListingInfo = ListingInfo {
    provider: "klarna",
    lists: Lists::Nothing,
    source: "https://docs.klarna.com/api/kn/klarna-notifications-api, read 2026-11-27",
    base_url: "",
    auth: Auth::None,
    rights: "",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 1,
    resend: "",
    leaves_out: "everything: notifications are not listed, and the settlements API (GET /settlements/v1/transactions and /payouts) names a transaction by order_id, capture_id and refund_id, of which a webhook states none. What was paid out is compared by the settlement reports; a payment request whose webhook did not come is asked for by its id in the payment API",
    unconfirmed: "whether an id of the settlements API is the payment_transaction_id of a webhook under another name: no document says so",
};
