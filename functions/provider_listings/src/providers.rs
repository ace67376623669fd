//! The listings: one line each, by the provider's name in the catalogue.

use crate::Listing;

mod adyenplatform;
mod airwallex;
mod braintree;
mod coinbase;
mod coinbasebusiness;
mod flutterwave;
mod flutterwavev4;
mod gocardless;
mod paystack;
mod razorpay;
mod stripe;
mod worldpay;

/// Every listing, by name.
pub static ALL: &[&dyn Listing] = &[
    &adyenplatform::AdyenPlatform,
    &airwallex::Airwallex,
    &braintree::Braintree,
    &coinbase::Coinbase,
    &coinbasebusiness::CoinbaseBusiness,
    &flutterwave::Flutterwave,
    &flutterwavev4::FlutterwaveV4,
    &gocardless::GoCardless,
    &paystack::Paystack,
    &razorpay::Razorpay,
    &stripe::Stripe,
    &worldpay::Worldpay,
];

/// The listing of the provider called `name` in the catalogue.
pub fn by_name(name: &str) -> Option<&'static dyn Listing> {
    ALL.iter().copied().find(|it| it.info().provider == name)
}
