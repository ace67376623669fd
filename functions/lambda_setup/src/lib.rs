//! Configuration, logging, metrics and batch failures for the Lambda functions.
