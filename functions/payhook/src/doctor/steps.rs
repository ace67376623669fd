//! The steps of `payhook doctor`, each with an id that runbooks and ledgers can name: an id never
//! changes its meaning.

/// When a step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Before a deploy, of the account.
    Before,
    /// After a deploy, of the stack.
    After,
}

impl Mode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// One step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its stable id.
    pub(super) id: &'static str,
    /// When it is taken.
    pub(super) mode: Mode,
    /// What it proves when it passes.
    pub(super) proves: &'static str,
}

macro_rules! steps {
    ($($mode:ident { $($name:ident $id:literal $proves:literal;)+ })+) => {
        $($(pub(super) const $name: Step = Step { id: $id, mode: Mode::$mode, proves: $proves };)+)+
        /// Every step, in the order in which they are taken.
        pub(super) const ALL: &[Step] = &[$($($name,)+)+];
    };
}

steps! {
    Before {
        REGION "region" "the configured region is the one that the stack runs in";
        ACCOUNT "account" "the credentials are of the account that is named";
        CLOCK "clock" "this machine's clock agrees with AWS's, so that signatures are taken";
        LAMBDA_CONCURRENCY "lambda_concurrency" "the stack's executions can be reserved and a \
         hundred stay unreserved";
        GATEWAY_THROTTLE "gateway_throttle" "API Gateway lets the account have as many requests \
         as the stack allows";
        GATEWAY_LOGGING_ROLE "gateway_logging_role" "it is known whose role the deploy puts in \
         its own role's place";
        API_KEYS_QUOTA "api_keys_quota" "there is room for two API keys a provider";
        USAGE_PLANS_QUOTA "usage_plans_quota" "there is room for a usage plan a provider";
        KMS_KEYS_QUOTA "kms_keys_quota" "there is room for the stack's two keys";
        KMS_REQUEST_RATE "kms_request_rate" "KMS answers the account often enough";
        EDGE_CERTIFICATE "edge_certificate" "the edge's certificate is issued, for its name, and \
         does not end soon";
        NAMES_FREE "names_free" "no table, queue, function, log group, bucket, secret or alias \
         is in the way";
        QUEUE_HAS_NO_POLLER "queue_has_no_poller" "nothing polls the webhook queue that the \
         stack does not know";
    }
    After {
        GENUINE_ACCEPTED "genuine_accepted" "a signed webhook is answered with 2xx";
        GENUINE_STORED "genuine_stored" "it is in the transactions table";
        GENUINE_AUDITED "genuine_audited" "its line is where its record says, in the audit log";
        GENUINE_COUNTED "genuine_counted" "it is counted in the analytics table";
        FORGED_REJECTED "forged_rejected" "a forged webhook is rejected, with its reason in the \
         audit log";
        FORGED_IN_REJECTED_QUEUE "forged_in_rejected_queue" "and its body is in the rejected queue";
        HANDSHAKE_ANSWERED "handshake_answered" "a provider's handshake is answered, any other \
         one with 404";
        HEADER_NAMES_ANY_CASE "header_names_any_case" "header names in title case reach the \
         function as well as in lower case";
        QUEUE_TAKES_1MIB "queue_takes_1mib" "a genuine webhook of 1,000,000 bytes is accepted \
         and stored";
        REQUEST_ID_IS_THE_GATEWAYS "request_id_is_the_gateways" "a sender cannot choose the \
         request id in the audit log";
        NO_API_KEY_IS_403 "no_api_key_is_403" "without an API key the answer is 403";
        WRONG_API_KEY_IS_403 "wrong_api_key_is_403" "with a wrong API key the answer is 403";
        EMPTY_BODY_IS_400 "empty_body_is_400" "an empty body is answered with 400";
        BODY_OVER_LIMIT_IS_413 "body_over_limit_is_413" "a body above the queue's limit is \
         answered with 413, not with 5xx";
        UNKNOWN_MEDIA_TYPE_IS_415 "unknown_media_type_is_415" "a media type that no provider \
         sends is answered with 415";
        PAST_THE_EDGE_IS_403 "past_the_edge_is_403" "the gateway refuses whoever comes past the \
         edge";
        TLS_FROM_1_2 "tls_from_1_2" "the endpoint does not speak TLS 1.1";
        METRIC_STORED "metric_stored" "the function's metric Stored is in CloudWatch";
        ALARMS_PRESENT "alarms_present" "every alarm of the stack is there";
        ALARMS_HAVE_ACTIONS "alarms_have_actions" "every alarm tells the stack's topic";
        ALARM_TOPIC_CONFIRMED "alarm_topic_confirmed" "somebody gets what the topic says";
        LOG_GROUPS_KEPT "log_groups_kept" "every log group is there and keeps its events as long \
         as it shall";
        LOGS_EXPORTED "logs_exported" "the logs of an earlier day are in the audit bucket";
        ARCHIVAL_MAY_RECURSE "archival_may_recurse" "Lambda lets the archive call itself until a \
         day's work is done";
        EVENT_SOURCES_ENABLED "event_sources_enabled" "the queue and the table's stream start \
         their functions";
        CONCURRENCY_RESERVED "concurrency_reserved" "each function has its executions reserved";
        GATEWAY_LOGS "gateway_logs" "the account has a role that writes the gateway's logs";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_id_is_one_steps_and_a_plain_word() {
        let ids: BTreeSet<&str> = ALL.iter().map(|step| step.id).collect();
        assert_eq!(ids.len(), ALL.len());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(ids.iter().all(|id| id.chars().all(plain)));
        assert!(ALL.iter().all(|step| !step.proves.ends_with('.')));
    }
}
