//! The storage traits on DynamoDB, S3, SQS and Secrets Manager; the only crate that imports AWS SDKs.
