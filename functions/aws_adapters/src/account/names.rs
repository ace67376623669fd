//! Whether a name is taken: by a table, a queue, a secret that is on its way out, and so on.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::store_error;

/// What a name can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A table of DynamoDB.
    Table,
    /// A queue of SQS.
    Queue,
    /// A function of Lambda.
    Function,
    /// A log group of CloudWatch.
    LogGroup,
    /// A bucket of S3, whose names are the whole world's.
    Bucket,
    /// A secret of Secrets Manager.
    Secret,
    /// An alias of a key of KMS.
    Alias,
}

/// Whether something of the name is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// Yes.
    Present,
    /// A secret that is deleted once its window ends, and keeps its name until then.
    Leaving,
    /// A bucket of another account, or one that may not be looked at.
    Foreign,
}

/// Looks for the name.
///
/// # Errors
/// A [`StoreError`].
pub async fn presence(clients: &Clients, kind: Kind, name: &str) -> Result<Presence, StoreError> {
    let config = &clients.config;
    // What each service says when there is no such thing.
    let found = |found: Result<(), (Option<String>, StoreError)>, missing: &[&str]| match found {
        Ok(()) => Ok(Presence::Present),
        Err((Some(code), _)) if missing.contains(&code.as_str()) => Ok(Presence::Absent),
        Err((_, error)) => Err(error),
    };
    macro_rules! asked {
        ($call:expr, $name:literal) => {
            $call.send().await.map(|_| ()).map_err(|error| {
                let code = error.code().map(str::to_owned);
                (code, store_error($name, &error))
            })
        };
    }
    match kind {
        Kind::Table => found(
            asked!(
                clients.dynamodb.describe_table().table_name(name),
                "dynamodb:DescribeTable"
            ),
            &["ResourceNotFoundException"],
        ),
        Kind::Queue => found(
            asked!(
                clients.sqs.get_queue_url().queue_name(name),
                "sqs:GetQueueUrl"
            ),
            &[
                "AWS.SimpleQueueService.NonExistentQueue",
                "QueueDoesNotExist",
            ],
        ),
        Kind::Function => {
            let client = aws_sdk_lambda::Client::new(config);
            found(
                asked!(
                    client.get_function_configuration().function_name(name),
                    "lambda:GetFunctionConfiguration"
                ),
                &["ResourceNotFoundException"],
            )
        }
        Kind::LogGroup => log_group(clients, name).await.map(|group| match group {
            Some(_) => Presence::Present,
            None => Presence::Absent,
        }),
        Kind::Bucket => bucket(clients, name).await,
        Kind::Secret => secret(clients, name).await,
        Kind::Alias => alias(clients, name).await,
    }
}

/// A log group: its retention in days, `None` inside where it keeps everything for ever.
///
/// # Errors
/// A [`StoreError`].
pub(crate) async fn log_group(
    clients: &Clients,
    name: &str,
) -> Result<Option<Option<i32>>, StoreError> {
    let client = aws_sdk_cloudwatchlogs::Client::new(&clients.config);
    let call = client.describe_log_groups().log_group_name_prefix(name);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| store_error("logs:DescribeLogGroups", &error))?;
        let groups = page.log_groups.unwrap_or_default();
        if let Some(group) = groups.iter().find(|g| g.log_group_name() == Some(name)) {
            return Ok(Some(group.retention_in_days()));
        }
    }
    Ok(None)
}

/// S3 answers a HEAD without a body, so the status says it all.
async fn bucket(clients: &Clients, name: &str) -> Result<Presence, StoreError> {
    let Err(error) = clients.s3.head_bucket().bucket(name).send().await else {
        return Ok(Presence::Present);
    };
    match error.raw_response().map(|raw| raw.status().as_u16()) {
        Some(404) => Ok(Presence::Absent),
        Some(301 | 403) => Ok(Presence::Foreign),
        _ => Err(store_error("s3:ListBucket", &error)),
    }
}

async fn secret(clients: &Clients, name: &str) -> Result<Presence, StoreError> {
    match clients
        .secrets
        .describe_secret()
        .secret_id(name)
        .send()
        .await
    {
        Ok(secret) if secret.deleted_date().is_some() => Ok(Presence::Leaving),
        Ok(_) => Ok(Presence::Present),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(Presence::Absent),
        Err(error) => Err(store_error("secretsmanager:DescribeSecret", &error)),
    }
}

async fn alias(clients: &Clients, name: &str) -> Result<Presence, StoreError> {
    let client = aws_sdk_kms::Client::new(&clients.config);
    let mut pages = client.list_aliases().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| store_error("kms:ListAliases", &error))?;
        if page.aliases().iter().any(|a| a.alias_name() == Some(name)) {
            return Ok(Presence::Present);
        }
    }
    Ok(Presence::Absent)
}
