//! Lambda: SQS batch to transactions, audit log and rejected queue.
fn main() {}
