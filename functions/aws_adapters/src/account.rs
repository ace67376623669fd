//! What an account says of itself before a stack is deployed into it: who asks, its quotas, what it
//! holds, and which names are taken.
//!
//! Sources, read 2026-11-27:
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetAccount.html>,
//! <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>,
//! <https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html>.

pub(crate) mod names;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use pipeline::storage::StoreError;
use serde_json::{Value, json};

pub use names::{Kind, Presence, presence};

use crate::Clients;
use crate::error::store_error;
use crate::signed::{Call, JsonVersion, Question};
use crate::xml::first_text;

/// Who asks, and what time it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account's twelve digits; `None` when the call was refused.
    pub account: Option<String>,
    /// The ARN of the identity that asked; `None` when the call was refused.
    pub arn: Option<String>,
    /// By AWS's clock, from the header `Date`: whole seconds.
    pub server_time: Option<Timestamp>,
}

/// Asks STS. A call that is refused for its wrong time has a date all the same.
///
/// # Errors
/// A [`StoreError`] when nothing answered.
pub async fn caller(clients: &Clients) -> Result<Caller, StoreError> {
    let question = Question::Query("2011-06-15", "GetCallerIdentity", Vec::new());
    let call = Call {
        name: "sts:GetCallerIdentity",
        service: "sts",
        region: None,
        question,
    };
    let answer = call.send(clients).await?;
    let date = answer.date.as_deref();
    Ok(Caller {
        account: first_text(&answer.body, "Account").map(str::to_owned),
        arn: first_text(&answer.body, "Arn").map(str::to_owned),
        server_time: date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()),
    })
}

/// Executions at a time, of the account in the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// In all.
    pub limit: u32,
    /// What no function has reserved.
    pub unreserved: u32,
}

fn unsigned(number: Option<i32>) -> u32 {
    number
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or_default()
}

/// How many functions may run at a time.
///
/// # Errors
/// A [`StoreError`].
pub async fn concurrency(clients: &Clients) -> Result<Concurrency, StoreError> {
    let client = aws_sdk_lambda::Client::new(&clients.config);
    let answer = client.get_account_settings().send().await;
    let answer = answer.map_err(|error| store_error("lambda:GetAccountSettings", &error))?;
    let limit = answer.account_limit();
    Ok(Concurrency {
        limit: unsigned(limit.map(|limit| limit.concurrent_executions())),
        unreserved: unsigned(limit.and_then(|limit| limit.unreserved_concurrent_executions())),
    })
}

/// What one function has reserved; `None` when it reserves nothing or is not there.
///
/// # Errors
/// A [`StoreError`].
pub async fn reserved(clients: &Clients, function: &str) -> Result<Option<u32>, StoreError> {
    let client = aws_sdk_lambda::Client::new(&clients.config);
    let call = client.get_function_concurrency().function_name(function);
    match call.send().await {
        Ok(answer) => Ok(answer
            .reserved_concurrent_executions
            .map(|n| unsigned(Some(n)))),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(store_error("lambda:GetFunctionConcurrency", &error)),
    }
}

/// The settings of API Gateway that all interfaces of the region share.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayAccount {
    /// The role that writes the gateways' logs.
    pub logging_role: Option<String>,
    /// Requests a second, over all interfaces; `None` when the answer does not say.
    pub rate: Option<f64>,
    /// Requests at once.
    pub burst: Option<i32>,
}

/// The shared settings.
///
/// # Errors
/// A [`StoreError`].
pub async fn gateway_account(clients: &Clients) -> Result<GatewayAccount, StoreError> {
    let client = aws_sdk_apigateway::Client::new(&clients.config);
    let answer = client.get_account().send().await;
    let answer = answer.map_err(|error| store_error("apigateway:GET /account", &error))?;
    let throttle = answer.throttle_settings();
    Ok(GatewayAccount {
        logging_role: answer
            .cloudwatch_role_arn()
            .filter(|role| !role.is_empty())
            .map(str::to_owned),
        rate: throttle.map(|throttle| throttle.rate_limit()),
        burst: throttle.map(|throttle| throttle.burst_limit()),
    })
}

/// A REST interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestApi {
    /// Its id, which its address begins with.
    pub id: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// The interface of this name; `None` when there is none.
///
/// # Errors
/// A [`StoreError`].
pub async fn rest_api(clients: &Clients, name: &str) -> Result<Option<RestApi>, StoreError> {
    let client = aws_sdk_apigateway::Client::new(&clients.config);
    let mut pages = client.get_rest_apis().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| store_error("apigateway:GET /restapis", &error))?;
        let items = page.items.unwrap_or_default();
        let found = items.into_iter().find(|api| api.name() == Some(name));
        if let Some(api) = found {
            let created = api.created_date();
            return Ok(Some(RestApi {
                id: api.id().unwrap_or_default().to_owned(),
                created_at: created.and_then(|time| Timestamp::from_second(time.secs()).ok()),
            }));
        }
    }
    Ok(None)
}

/// What there is so much of that it is counted against a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// API keys of API Gateway.
    ApiKeys,
    /// Usage plans of API Gateway.
    UsagePlans,
    /// Keys of KMS, AWS's own among them.
    KmsKeys,
}

/// How many of them the account has in the region.
///
/// # Errors
/// A [`StoreError`].
pub async fn count(clients: &Clients, counted: Counted) -> Result<u64, StoreError> {
    let gateway = || aws_sdk_apigateway::Client::new(&clients.config);
    let mut found = 0;
    match counted {
        Counted::ApiKeys => {
            let mut pages = gateway().get_api_keys().into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| store_error("apigateway:GET /apikeys", &error))?;
                found += page.items().len();
            }
        }
        Counted::UsagePlans => {
            let mut pages = gateway().get_usage_plans().into_paginator().send();
            while let Some(page) = pages.next().await {
                let page =
                    page.map_err(|error| store_error("apigateway:GET /usageplans", &error))?;
                found += page.items().len();
            }
        }
        Counted::KmsKeys => {
            let client = aws_sdk_kms::Client::new(&clients.config);
            let mut pages = client.list_keys().into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| store_error("kms:ListKeys", &error))?;
                found += page.keys().len();
            }
        }
    }
    Ok(found as u64)
}

/// A quota as it is applied to the account; AWS's default where the account has none of its own.
///
/// # Errors
/// A [`StoreError`].
pub async fn quota(clients: &Clients, service: &str, code: &str) -> Result<f64, StoreError> {
    let ask = async |name, operation| {
        let call = Call {
            name,
            service: "servicequotas",
            region: None,
            question: Question::Json(
                JsonVersion::OneOne,
                operation,
                json!({ "ServiceCode": service, "QuotaCode": code }),
            ),
        };
        let answer = call.json(clients).await?;
        answer["Quota"]["Value"]
            .as_f64()
            .ok_or_else(|| call.unreadable())
    };
    let applied = ask(
        "servicequotas:GetServiceQuota",
        "ServiceQuotasV20190624.GetServiceQuota",
    );
    match applied.await {
        Err(StoreError::Final { cause, .. }) if cause == "NoSuchResourceException" => {
            ask(
                "servicequotas:GetAWSDefaultServiceQuota",
                "ServiceQuotasV20190624.GetAWSDefaultServiceQuota",
            )
            .await
        }
        answer => answer,
    }
}

/// A certificate of ACM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// `ISSUED` when it can be used.
    pub status: String,
    /// The names it is for; `*.example.com` stands for one label.
    pub names: Vec<String>,
    /// When it ends; `None` before it is issued.
    pub expires_at: Option<Timestamp>,
}

/// The certificate in `region`; `None` when there is none with this ARN.
///
/// # Errors
/// A [`StoreError`].
pub async fn certificate(
    clients: &Clients,
    region: &str,
    arn: &str,
) -> Result<Option<Certificate>, StoreError> {
    let call = Call {
        name: "acm:DescribeCertificate",
        service: "acm",
        region: Some(region),
        question: Question::Json(
            JsonVersion::OneOne,
            "CertificateManager.DescribeCertificate",
            json!({ "CertificateArn": arn }),
        ),
    };
    let answer = match call.json(clients).await {
        Ok(answer) => answer,
        Err(StoreError::Final { cause, .. }) if cause == "ResourceNotFoundException" => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let certificate = &answer["Certificate"];
    let status = certificate["Status"].as_str();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut names: Vec<String> = certificate["SubjectAlternativeNames"]
        .as_array()
        .map(|names| names.iter().filter_map(text).collect())
        .unwrap_or_default();
    names.extend(text(&certificate["DomainName"]));
    // AWS JSON writes times as seconds with decimals.
    let seconds = certificate["NotAfter"].as_f64();
    Ok(Some(Certificate {
        status: status.ok_or_else(|| call.unreadable())?.to_owned(),
        names,
        expires_at: seconds.and_then(|seconds| Timestamp::from_second(seconds as i64).ok()),
    }))
}
