package payhook

import rego.v1

# The numbers and words of the rules, in one place. These are bounds that a reviewer agreed to, not the tunable values of the stack
# (infra/limits.json): a value may move within them, and a move beyond them is refused until this file says otherwise.

region := "us-east-2"

# CloudFront's: where its certificates are and its logs are delivered from.
edge_region := "us-east-1"

project := "payhook"

# {resource_type}_{suffix}: 1 to 20 of a-z, 0-9 and inner hyphens, legal in a bucket's name.
suffix_form := `^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$`

function_names := {"webhook_processor", "analytics_processor", "archival_function"}

function_memory_mb := 512

function_architectures := ["arm64"]

function_runtime := "provided.al2023"

reserved_concurrency_min := 1

# By the capacity that a resource's tag names, in webhooks a second; what has no such tag has the
# default capacity.
reserved_concurrency_max := {"400": 5, "2000": 40, "10000": 200}

default_capacity := "400"

# The stream keeps a record for a day. What is given up sooner leaves nothing but its place in the
# stream in the dead-letter queue: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html,
# read 2026-11-27.
stream_age_min_seconds := 72000

stream_retries_min := 1000

stream_retries_max := 10000

# Those that take TLS 1.2 and 1.3 with forward secrecy, or 1.3 alone:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html,
# read 2026-11-27.
api_security_policies := {
	"SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
	"SecurityPolicy_TLS13_1_3_2025_09",
	"SecurityPolicy_TLS13_1_3_FIPS_2025_09",
}

# Below which the edge's log is written in its bucket.
edge_log_prefix := "edge"

# SQS pollers start at two: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html, read 2026-11-25.
maximum_concurrency_min := 2

# AWS's own advice for a queue that a function reads: six times the function's time-out, plus the batching window.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html, read 2026-11-25.
visibility_factor := 6

max_receive_count_min := 5

fourteen_days_seconds := 1209600

stream_batch_size := 100

throttle_rate := 10000

# The burst quota of an account and region: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html, read 2026-11-25.
throttle_burst_max := 5000

# A provider asks once, when its webhook is registered, and a health check comes every few minutes.
handshake_rate_max := 1

handshake_burst_max := 10

# The shortest time after which a provider gives up is five seconds.
integration_timeout_max_ms := 5000

log_retention_days := 30

# Requests of one address in the window of a rate rule: WAF's least, what no single provider needs, and what a mistake without a key needs.
address_limit_min := 10

address_limit_max := 2000000

keyless_limit_max := 10000

# PCI DSS v4.0.1, 10.5.1: twelve months of audit history, three of them at hand.
days_at_hand := 90

audit_days_kept_min := 365

# The longest that a law asks for records of payments.
audit_days_kept_max := 3653

month_days := 30

error_rate_max_percent := 1

# The longest delay that may pass without an alarm.
age_alarm_max_seconds := 900

rejected_alarm_max := 1000

# So many rejected webhooks of a provider within an hour ring if not one was genuine.
rejected_alone_max := 10

# The share of requests with a 4XX answer, the requests below which no share is computed, and the
# window in seconds.
client_error_max_percent := 50

client_error_requests_max := 100

client_error_window_max_seconds := 900

# The share of stored events that lack facts, and the stored events below which no share is
# computed.
incomplete_max_percent := 20

incomplete_stored_max := 100

# How long no request may come without an alarm: CloudWatch looks back seven days.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html,
# read 2026-11-27.
quiet_min_seconds := 900

quiet_max_seconds := 604800

# How long fewer webhooks of a provider than expected may come without an alarm, and how many standard deviations fewer.
band_window_min_seconds := 600

band_width_max := 10

# The alarm is evaluated at full hours, so 25 hours ring within 26, and a run may be an hour late.
archive_silence_min_seconds := 90000

archive_silence_max_seconds := 90000

# What the archive states once a day is looked for in a window that is longer than the time between
# two runs, one of which may be an hour late.
archive_state_min_seconds := 93600

archive_state_max_seconds := 172800

# Days that the oldest day without a verified copy has left when it rings. It has some fifty as long
# as the archive keeps up: the days in the table and those of grace, less those in which a message may
# wait and those in which an audit object may come late.
days_left_alarm_min := 30

days_left_alarm_max := 48

blocked_alarm_max := 10000

# CloudWatch's shortest period for metrics of AWS is a minute.
alarm_period_min_seconds := 60

alarm_period_max_seconds := 300

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html,
# read 2026-11-27.
alarm_description_max := 1024

hour_seconds := 3600

day_seconds := 86400

# The largest message of SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html, read 2026-11-25.
mebibyte := 1048576

key_deletion_days_min := 7

key_deletion_days_max := 30
