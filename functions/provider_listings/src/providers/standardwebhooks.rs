//! Standard Webhooks: a form of webhooks that any sender may use; a list is the sender's own
//! matter.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks> `spec/standard-webhooks.md`,
//! which recommends that a sender lets its customers list and replay messages that failed, and
//! defines no interface for it, read 2026-11-28.

use crate::unlisted::Unlisted;
use crate::{Auth, ListingInfo, Lists};

pub(super) static STANDARD_WEBHOOKS: Unlisted = Unlisted(&INFO);

static INFO: ListingInfo = ListingInfo {
    provider: "standardwebhooks",
    lists: Lists::Nothing,
    source: "https://github.com/standard-webhooks/standard-webhooks spec/standard-webhooks.md, read 2026-11-28",
    base_url: "",
    auth: Auth::None,
    rights: "",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 1,
    resend: "",
    leaves_out: "everything: the specification recommends a list of messages that failed and defines none, so each sender has its own or no list at all. Where a sender uses Svix, its portal lists the messages of an endpoint and sends them again; else ask the sender",
    unconfirmed: "",
};
