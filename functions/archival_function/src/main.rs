//! Lambda: daily archive of old transactions and seal of the audit log.
fn main() {}
