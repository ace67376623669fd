//! The listings: one line each, by the provider's name in the catalogue.

use crate::Listing;

mod authorizenet;
mod chargebee;
mod checkout;
mod gocardless;
mod mollie;
mod mollieclassic;
mod paddle;
mod paypal;
mod recurly;
mod shopify;
mod square;
mod stripe;

/// Every listing, by name.
pub static ALL: &[&dyn Listing] = &[
    &authorizenet::AuthorizeNet,
    &chargebee::Chargebee,
    &checkout::Checkout,
    &gocardless::GoCardless,
    &mollie::Mollie,
    &mollieclassic::MollieClassic,
    &paddle::Paddle,
    &paypal::PayPal,
    &recurly::Recurly,
    &shopify::Shopify,
    &square::Square,
    &stripe::Stripe,
];

/// The listing of the provider called `name` in the catalogue.
pub fn by_name(name: &str) -> Option<&'static dyn Listing> {
    ALL.iter().copied().find(|it| it.info().provider == name)
}
