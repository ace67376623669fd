//! Field rules and the PAN detector that run before anything is stored or logged; pure.
