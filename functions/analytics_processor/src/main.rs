//! Lambda: DynamoDB stream batch to aggregates.
fn main() {}
