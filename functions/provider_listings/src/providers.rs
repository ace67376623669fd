//! The listings: one line each, by the provider's name in the catalogue.

use crate::Listing;

mod adyen;
mod adyenplatform;
mod airwallex;
mod authorizenet;
mod braintree;
mod chargebee;
mod checkout;
mod coinbase;
mod coinbasebusiness;
mod cybersource;
mod flutterwave;
mod flutterwavev4;
mod gocardless;
mod klarna;
mod mollie;
mod mollieclassic;
mod paddle;
mod paypal;
mod paystack;
mod razorpay;
mod recurly;
mod shopify;
mod square;
mod standardwebhooks;
mod stripe;
mod worldpay;

/// Every listing, by name.
pub static ALL: &[&dyn Listing] = &[
    &adyen::ADYEN,
    &adyenplatform::AdyenPlatform,
    &airwallex::Airwallex,
    &authorizenet::AuthorizeNet,
    &braintree::Braintree,
    &chargebee::Chargebee,
    &checkout::Checkout,
    &coinbase::Coinbase,
    &coinbasebusiness::CoinbaseBusiness,
    &cybersource::CYBERSOURCE,
    &flutterwave::Flutterwave,
    &flutterwavev4::FlutterwaveV4,
    &gocardless::GoCardless,
    &klarna::KLARNA,
    &mollie::Mollie,
    &mollieclassic::MollieClassic,
    &paddle::Paddle,
    &paypal::PayPal,
    &paystack::Paystack,
    &razorpay::Razorpay,
    &recurly::Recurly,
    &shopify::Shopify,
    &square::Square,
    &standardwebhooks::STANDARD_WEBHOOKS,
    &stripe::Stripe,
    &worldpay::Worldpay,
];

/// The listing of the provider called `name` in the catalogue.
pub fn by_name(name: &str) -> Option<&'static dyn Listing> {
    ALL.iter().copied().find(|it| it.info().provider == name)
}
