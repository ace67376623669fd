//! Adyen's standard webhooks: no list, reports instead.
//!
//! Sources, read 2026-11-27: <https://docs.adyen.com/development-resources/webhooks/troubleshoot>
//! (retries, the queue in the Customer Area); <https://github.com/Adyen/adyen-openapi>
//! `json/ManagementService-v3.json` (webhooks are set up and tested there, not listed);
//! <https://docs.adyen.com/reporting/automatically-get-reports>.

use crate::unlisted::Unlisted;
use crate::{Auth, ListingInfo, Lists};

pub(super) static ADYEN: Unlisted = Unlisted(&INFO);

static INFO: ListingInfo = ListingInfo {
    provider: "adyen",
    lists: Lists::Nothing,
    source: "https://docs.adyen.com/development-resources/webhooks/troubleshoot, read 2026-11-27",
    base_url: "",
    auth: Auth::None,
    rights: "",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 1,
    resend: "",
    leaves_out: "everything: no API lists payments or events of the standard webhooks. Webhooks that failed are retried for 30 days and can be sent again in the Customer Area; all money is in the reports (Payment accounting, Settlement details), which the event REPORT_AVAILABLE announces: compare them by `payhook payments reconcile`",
    unconfirmed: "",
};
