//! The listings: one line each, by the provider's name in the catalogue.

use crate::Listing;

mod adyen;
mod adyenplatform;
mod airwallex;
mod braintree;
mod coinbase;
mod coinbasebusiness;
mod cybersource;
mod flutterwave;
mod flutterwavev4;
mod gocardless;
mod klarna;
mod paystack;
mod razorpay;
mod standardwebhooks;
mod stripe;
mod worldpay;

/// Every listing, by name.
pub static ALL: &[&dyn Listing] = &[
    &adyen::ADYEN,
    &adyenplatform::AdyenPlatform,
    &airwallex::Airwallex,
    &braintree::Braintree,
    &coinbase::Coinbase,
    &coinbasebusiness::CoinbaseBusiness,
    &cybersource::CYBERSOURCE,
    &flutterwave::Flutterwave,
    &flutterwavev4::FlutterwaveV4,
    &gocardless::GoCardless,
    &klarna::KLARNA,
    &paystack::Paystack,
    &razorpay::Razorpay,
    &standardwebhooks::STANDARD_WEBHOOKS,
    &stripe::Stripe,
    &worldpay::Worldpay,
];

/// The listing of the provider called `name` in the catalogue.
pub fn by_name(name: &str) -> Option<&'static dyn Listing> {
    ALL.iter().copied().find(|it| it.info().provider == name)
}
