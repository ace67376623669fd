"""What each kind of alarm says when it rings: what it means, what to do first, and its runbook."""

from dataclasses import dataclass

from lib.limits import LIMITS

# The one address of the runbooks: a folder of the repository. A public address of the repository
# belongs in front of it.
RUNBOOKS = "docs/runbooks"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html,
# read 2026-11-27.
DESCRIPTION_CHARACTERS_MAX = 1024


@dataclass(frozen=True)
class Text:
    """One sentence each."""

    meaning: str
    first: str


_LIMITS = LIMITS["alarms"]
# By the kind of alarm, which is also the name of its runbook.
TEXTS = {
    "error_rate": Text(
        f"More than {_LIMITS['error_rate_percent']} % of the calls and records of a function fail.",
        "Read the newest errors in the function's log.",
    ),
    "throttles": Text(
        "Lambda refuses to start webhook_processor, because its reserved concurrency is used up.",
        "Compare maximum_concurrency of the queue with the reserved concurrency of the function.",
    ),
    "dlq_depth": Text(
        "A message that could not be processed lies in a dead-letter queue.",
        "Look at it with `payhook dlq list`.",
    ),
    "webhook_queue_age": Text(
        f"A webhook waits in the queue for more than {_LIMITS['queue_age_seconds']} s.",
        "See whether webhook_processor runs and whether it fails.",
    ),
    "stream_iterator_age": Text(
        f"The analytics are more than {_LIMITS['iterator_age_ms'] // 1000} s behind the table.",
        "See whether analytics_processor fails; the stream keeps its records for a day.",
    ),
    "gateway_5xx": Text(
        "The gateway could not put a webhook into the queue, and told the provider to send it again.",
        "Read the status and the request id in the gateway's access log.",
    ),
    "gateway_4xx_share": Text(
        f"The gateway refuses more than {_LIMITS['client_error_percent']} % of the requests with 4XX.",
        "Count the refusals by status and path in the gateway's access log.",
    ),
    "gateway_quiet": Text(
        "No request has reached the gateway for as long as `quiet_minutes` says.",
        "Send a test webhook with `payhook send` to the address that the providers have.",
    ),
    "silence": Text(
        "Fewer genuine webhooks of a provider come than its habit: none within its longest gap, or fewer than its band.",
        "See whether all_rejected of it rings, too: then something comes. Otherwise look at the endpoint in its console.",
    ),
    "all_rejected": Text(
        "Webhooks of a provider come, but none was genuine for as long as the setting `silence` allows.",
        "Read the reasons with `payhook rejected list`; a rotated secret comes first.",
    ),
    "rejected_spike": Text(
        "Many webhooks of all providers together are rejected: a changed setting, or an attack.",
        "Count them by provider and reason with `payhook rejected list`.",
    ),
    "rejected_provider": Text(
        f"At least {_LIMITS['rejected_per_hour']} webhooks of a provider were rejected within an hour, "
        f"or at least {_LIMITS['rejected_alone_per_hour']} and not one was genuine.",
        "Read the reasons with `payhook rejected list`; a rotated secret comes first.",
    ),
    "incomplete_share": Text(
        f"More than {_LIMITS['incomplete_percent']} % of the events stored within an hour lack a fact, or state it unusably.",
        "Count the problems by provider in the audit log.",
    ),
    "unknown_event_type": Text(
        "A provider sent an event type that is not in payhook's list of its types; it is stored as unclassified.",
        "Find the provider with the metric UnknownType, and the type in the audit log.",
    ),
    "money_contradicted": Text(
        "Events contradict each other about the money of a payment: an amount, a currency, a total, a refund or a dispute.",
        "Find the payment in the function's log, and read it with `payhook payments show`.",
    ),
    "archive_not_run": Text(
        f"The archival function, which also seals the audit log, has not started for {_LIMITS['archive_hours']} hours.",
        "Look whether the schedule is enabled, and start the task by hand.",
    ),
    "archive_behind": Text(
        f"A day comes within {LIMITS['archive']['days_left_alarm']} days of its expiry, and the archive has no verified copy of it.",
        "Read the newest errors in the archival function's log.",
    ),
    "expiry_stopped": Text(
        "The archive has switched the expiry of the transactions table off, because a day without a verified copy was about to expire.",
        "Let the archive catch up, as for archive_behind; then switch the expiry on again.",
    ),
    "gaps_missing": Text(
        "A provider lists something that is not stored here, and that it does not send any more.",
        "Read which in the newest object of the provider under `gaps/` in the audit bucket.",
    ),
    "gap_check_failed": Text(
        "A day of a provider could not be compared with what is stored: nothing is known of what is missing in it.",
        "Read the reason in the archival function's log.",
    ),
    "card_data_in_logs": Text(
        "CloudWatch found and masked card data in a log line that should never have been written.",
        "Find the line, and the code that wrote it.",
    ),
    "firewall_suspicious_bodies": Text(
        "A webhook has a body that looks like an attack; it was counted and let through.",
        "See in the firewall's log who sent it.",
    ),
    "firewall_rate_limited": Text(
        "An address sends more than the gateway takes, and the firewall blocks it.",
        "See in the firewall's log whether the address belongs to a provider.",
    ),
    "firewall_blocked": Text(
        "The firewall blocks many requests: an attack, or a rule that stops a provider.",
        "Count the blocked requests by rule in the firewall's log.",
    ),
}


def description(kind: str, about: str = "") -> str:
    """The AlarmDescription of an alarm of this kind. `about` names the one function or provider.

    Raises ValueError for a text that CloudWatch would refuse.
    """
    text = TEXTS[kind]
    subject = f"{about}: " if about else ""
    made = f"{subject}{text.meaning} First: {text.first} Runbook: {RUNBOOKS}/{kind}.md"
    if len(made) > DESCRIPTION_CHARACTERS_MAX:
        raise ValueError(f"the description of {kind} is longer than {DESCRIPTION_CHARACTERS_MAX} characters")
    return made
