//! What each provider's API lists of its own records, so that a webhook that never came is found.
//!
//! Invariant: pure. No clock (the time is an argument), no I/O, no logging: an adapter sends what is asked here and hands the answer back.
//! Invariant: what is fetched is read by the provider's own file of `provider_webhooks`, in the form in which its webhook would have come,
//! so an event has the same key, the same money and the same masking however it arrived.
//!
//! It is a crate of its own, beside the providers' files, because the functions that run for every webhook list nothing.

mod endpoints;
mod error;
mod expected;
mod gaps;
mod info;
mod listing;
mod page;
mod paging;
mod parts;
pub mod providers;
mod request;
mod unlisted;
mod walk;

pub use endpoints::{Endpoint, EndpointFinding, judge, with_address};
pub use error::ListingError;
pub use expected::{Expected, Told, expected};
pub use gaps::{Gap, GapReport, Have, Lack, Standing, Stored, compare};
pub use info::{Auth, ListingInfo, Lists};
pub use listing::{Account, Listed, Listing, Window};
pub use page::{Node, Page};
pub use request::{ApiRequest, Content, Method, Query, encoded};
pub use walk::{Answer, Api, ApiError, Budget, Walked, walk};
