//! What a deployed stack says of itself: its alarms and whom they reach, its logs, what starts its
//! functions, its counters.
//!
//! Sources, read 2026-11-27:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-protocols-faq.html>
//! (CloudWatch takes AWS JSON 1.0),
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>,
//! <https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html>,
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionRecursionConfig.html>.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use jiff::Timestamp;
use pipeline::aggregate::ItemKey;
use pipeline::storage::StoreError;
use serde::Deserialize;
use serde_json::json;

use crate::Clients;
use crate::account::names::log_group;
use crate::error::store_error;
use crate::signed::{Call, JsonVersion, Question};
use crate::xml::{first_text, members, one};

/// DescribeAlarms takes twice as many names. How many alarms it answers with is said in each call: no
/// document tells how many there are in a page otherwise.
const ALARM_NAMES_MAX: usize = 50;
/// Keys in one BatchGetItem call.
const GET_KEYS_MAX: usize = 100;
const BATCH_GET: &str = "dynamodb:BatchGetItem";
const PERIOD_SECONDS: i64 = 60;

/// An alarm of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Whether it does anything at all.
    pub actions_enabled: bool,
    /// The ARNs that it tells.
    pub actions: Vec<String>,
}

/// Those alarms of these names that there are.
///
/// # Errors
/// A [`StoreError`].
pub async fn alarms(clients: &Clients, names: &[String]) -> Result<Vec<Alarm>, StoreError> {
    let mut found = Vec::new();
    for names in names.chunks(ALARM_NAMES_MAX) {
        let call = Call {
            name: "cloudwatch:DescribeAlarms",
            service: "monitoring",
            region: None,
            question: Question::Json(
                JsonVersion::OneZero,
                "GraniteServiceVersion20100801.DescribeAlarms",
                json!({ "AlarmNames": names, "MaxRecords": names.len() }),
            ),
        };
        let mut answer = call.json(clients).await?;
        let alarms: Vec<Described> =
            serde_json::from_value(answer["MetricAlarms"].take()).map_err(|_| call.unreadable())?;
        found.extend(alarms.into_iter().map(|alarm| Alarm {
            name: alarm.alarm_name,
            actions_enabled: alarm.actions_enabled,
            actions: alarm.alarm_actions,
        }));
    }
    Ok(found)
}

/// An alarm in an answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    alarm_name: String,
    actions_enabled: bool,
    #[serde(default)]
    alarm_actions: Vec<String>,
}

/// How many subscriptions a topic has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    /// Those that get what is published.
    pub confirmed: usize,
    /// Those whose owner has not said yes yet.
    pub pending: usize,
}

/// The subscriptions of a topic.
///
/// # Errors
/// A [`StoreError`].
pub async fn subscriptions(clients: &Clients, topic: &str) -> Result<Subscriptions, StoreError> {
    let mut found = Subscriptions::default();
    let mut token: Option<String> = None;
    loop {
        let mut parameters = vec![("TopicArn".to_owned(), topic)];
        parameters.extend(token.as_deref().map(|t| ("NextToken".to_owned(), t)));
        let call = Call {
            name: "sns:ListSubscriptionsByTopic",
            service: "sns",
            region: None,
            question: Question::Query("2010-03-31", "ListSubscriptionsByTopic", parameters),
        };
        let answer = call.answer(clients).await?;
        let list = members(&answer, "Subscriptions").ok_or_else(|| call.unreadable())?;
        for subscription in &list {
            // In the place of an ARN stands `PendingConfirmation`, or `Deleted`.
            match one(subscription, "SubscriptionArn") {
                Some(arn) if arn.starts_with("arn:") => found.confirmed += 1,
                Some("Deleted") => {}
                _ => found.pending += 1,
            }
        }
        let next = first_text(&answer, "NextToken").filter(|text| !text.is_empty());
        token = next.map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// The sum of a metric between two times; `None` when there is nothing of it yet.
///
/// # Errors
/// A [`StoreError`].
pub async fn metric_sum(
    clients: &Clients,
    (namespace, name): (&str, &str),
    (dimension, value): (&str, &str),
    (from, to): (Timestamp, Timestamp),
) -> Result<Option<f64>, StoreError> {
    let input = json!({
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{ "Name": dimension, "Value": value }],
        // JSON has times as seconds since the epoch.
        "StartTime": from.as_second(),
        "EndTime": to.as_second(),
        "Period": PERIOD_SECONDS,
        "Statistics": ["Sum"],
    });
    let call = Call {
        name: "cloudwatch:GetMetricStatistics",
        service: "monitoring",
        region: None,
        question: Question::Json(
            JsonVersion::OneZero,
            "GraniteServiceVersion20100801.GetMetricStatistics",
            input,
        ),
    };
    let answer = call.json(clients).await?;
    let points = answer["Datapoints"].as_array();
    let points = points.ok_or_else(|| call.unreadable())?;
    let sums = points.iter().filter_map(|point| point["Sum"].as_f64());
    Ok(sums.reduce(|a, b| a + b))
}

/// What a log group keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// There is no such group.
    NoGroup,
    /// Everything, for ever.
    Forever,
    /// So many days.
    Days(i32),
}

/// How long a log group keeps its events.
///
/// # Errors
/// A [`StoreError`].
pub async fn retention(clients: &Clients, group: &str) -> Result<Retention, StoreError> {
    Ok(match log_group(clients, group).await? {
        None => Retention::NoGroup,
        Some(None) => Retention::Forever,
        Some(Some(days)) => Retention::Days(days),
    })
}

/// Whether Lambda lets a function call itself on and on: `Allow` or `Terminate`.
///
/// # Errors
/// A [`StoreError`].
pub async fn recursion(clients: &Clients, function: &str) -> Result<String, StoreError> {
    let client = aws_sdk_lambda::Client::new(&clients.config);
    let call = client
        .get_function_recursion_config()
        .function_name(function);
    let answer = call.send().await;
    let answer =
        answer.map_err(|error| store_error("lambda:GetFunctionRecursionConfig", &error))?;
    let setting = answer.recursive_loop().map(|setting| setting.as_str());
    Ok(setting.unwrap_or_default().to_owned())
}

/// Which event sources of functions.
#[derive(Clone, Copy, Debug)]
pub enum EventSources<'n> {
    /// Those that start a function of this name.
    Starting(&'n str),
    /// Those that read the queue or stream with this ARN.
    Of(&'n str),
}

/// The states of event sources: `Enabled`, `Disabled` and those on the way.
///
/// # Errors
/// A [`StoreError`].
pub async fn event_sources(
    clients: &Clients,
    which: EventSources<'_>,
) -> Result<Vec<String>, StoreError> {
    let client = aws_sdk_lambda::Client::new(&clients.config);
    let call = client.list_event_source_mappings();
    let call = match which {
        EventSources::Starting(function) => call.function_name(function),
        EventSources::Of(source) => call.event_source_arn(source),
    };
    let mut pages = call.into_paginator().send();
    let mut states = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| store_error("lambda:ListEventSourceMappings", &error))?;
        let sources = page.event_source_mappings();
        states.extend(
            sources
                .iter()
                .filter_map(|source| source.state().map(str::to_owned)),
        );
    }
    Ok(states)
}

/// The first objects under a prefix: when each was written last.
///
/// # Errors
/// A [`StoreError`].
pub async fn written_under(
    clients: &Clients,
    bucket: &str,
    prefix: &str,
) -> Result<Vec<Timestamp>, StoreError> {
    let call = clients.s3.list_objects_v2().bucket(bucket).prefix(prefix);
    let page = call.send().await;
    let page = page.map_err(|error| store_error("s3:ListBucket", &error))?;
    let written = page.contents().iter().filter_map(|object| {
        let at = object.last_modified()?;
        Timestamp::from_second(at.secs()).ok()
    });
    Ok(written.collect())
}

/// The sum of one number in these items of the analytics table.
///
/// # Errors
/// A [`StoreError`].
pub async fn counted_in(
    clients: &Clients,
    table: &str,
    items: &[ItemKey],
    number: &str,
) -> Result<u64, StoreError> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let mut counted = 0;
    for items in items.chunks(GET_KEYS_MAX) {
        let keys = items.iter().map(|item| {
            HashMap::from([
                ("aggregate".to_owned(), text(&item.aggregate)),
                ("bucket".to_owned(), text(&item.bucket)),
            ])
        });
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .consistent_read(true)
            .build();
        let wanted = wanted.map_err(|_| StoreError::Final {
            call: BATCH_GET,
            cause: "the request could not be built".to_owned(),
        })?;
        let call = clients
            .dynamodb
            .batch_get_item()
            .request_items(table, wanted);
        let answer = call
            .send()
            .await
            .map_err(|error| store_error(BATCH_GET, &error))?;
        let items = answer.responses.unwrap_or_default().remove(table);
        for item in items.unwrap_or_default() {
            let count = item.get(number).and_then(|count| count.as_n().ok());
            counted += count
                .and_then(|count| count.parse::<u64>().ok())
                .unwrap_or_default();
        }
    }
    Ok(counted)
}
