"""The sweep: every leaf of every resource's properties dropped, one by one, whatever it means. What nobody refuses is justified here, by type and path."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.policy.mutation import DROP, Mutation, Resource, at, changed, dotted, generalised, leaves, short

KIND = "leaf dropped"


@dataclass(frozen=True)
class Justification:
    """Why dropping the leaves of a form need not be refused, where no rule does. `of` and `path` are regular expressions of module and path."""

    of: str
    path: str
    why: str

    def covers(self, resource: Resource, path: str) -> bool:
        """Whether it speaks of this leaf."""
        module = resource["type"].split(":")[1]
        return bool(re.fullmatch(self.of, module) and re.fullmatch(self.path, path))


NEEDED = "AWS, or the provider before it, refuses the resource without it: the deploy fails and nothing changes"
PROSE = "words for people"
DEFAULT = "what the stack sets is AWS's default, said aloud"
DOOR = "how the door answers and routes is what tests/e2e/test_door.py is about: without it a sender gets AWS's own answer, and nothing is let in or lost"
DEARER = "without it the same work costs more calls"
STARTS_NOT = "the function refuses to start without it and says so: every call fails, which rings"
ARCHIVE_FORM = (
    "how engines read the archive, not who may: tests/e2e/test_archive_engines.py reads it through this table's columns"
)
JUSTIFIED: tuple[Justification, ...] = (
    Justification(".*", r"description|metricQueries\.\d+\.label|advancedEventSelectors\.\d+\.name|rules\.\d+\.id", PROSE),
    Justification("apigateway/.*", r"restApi|restApiId|resourceId|httpMethod|statusCode|responseType|parentId|pathPart|keyType|deployment|authorization", NEEDED),
    Justification("apigateway/apiKey", "enabled", DEFAULT),
    Justification("apigateway/deployment", "triggers.routes", "it makes a changed route a new deployment; tests/e2e/test_door.py finds a route that is not there"),
    Justification("apigateway/integration", "integrationHttpMethod", NEEDED),
    Justification("apigateway/(integration|method)", r"requestParameters\..+", DOOR),
    Justification("apigateway/(integrationResponse|methodResponse|response)", r"(responseTemplates|responseModels)\.application/json|selectionPattern", DOOR),
    Justification("apigateway/stage", "xrayTracingEnabled", DEFAULT),
    Justification("cloudfront/function", "comment", PROSE),
    Justification("cloudfront/distribution", r"enabled|origins\.\d+\.(originId|customOriginConfig\.https?Port)|restrictions\.geoRestriction\.restrictionType", NEEDED),
    Justification("cloudfront/distribution", r"defaultCacheBehavior\.(targetOriginId|functionAssociations\.\d+\.functionArn|(allowed|cached)Methods\.\d+)", NEEDED),
    Justification("cloudfront/distribution", r"defaultCacheBehavior\.compress|priceClass", DEFAULT),
    Justification("cloudfront/distribution", r"httpVersion|isIpv6Enabled|origins\.\d+\.customOriginConfig\.origin(Read|Keepalive)Timeout", "how fast and over which protocols senders are answered, not who is let in"),
    Justification("cloudwatch/logDelivery", r"recordFields\.\d+", "one field less; those that say who came, when, and how it ended are deny_edge_log_fields'"),
    Justification("cloudwatch/logDelivery", r"s3DeliveryConfigurations\.\d+\..+", "where in its bucket the log lies; the bucket's policy lets it in under one prefix alone"),
    Justification("cloudwatch/logDeliveryDestination", "outputFormat", "the form of a line, not what is in it"),
    Justification("cloudtrail/trail", "enableLogging|isMultiRegionTrail", DEFAULT),
    Justification("cloudtrail/trail", "includeGlobalServiceEvents", "only management events of global services, which this trail does not select"),
    Justification("cloudwatch/dashboard", "dashboardBody", NEEDED),
    Justification("cloudwatch/metricAlarm", r"okActions\.\d+", "the all-clear; the alarm itself is deny_alarm_silent's"),
    Justification("cloudwatch/metricAlarm", r"metricQueries\.\d+\.(id|returnData)", "AWS takes an alarm only when each query has an id and the right ones return data"),
    Justification("dynamodb/table", r"attributes\.\d+\.(name|type)", NEEDED),
    Justification("dynamodb/table", "deletionProtectionEnabled", DEFAULT),
    Justification("glue/.*", "databaseName", NEEDED),
    Justification("glue/catalogTable", r"(parameters|partitionKeys|storageDescriptor)\..+|tableType", ARCHIVE_FORM),
    Justification("lambda/eventSourceMapping", "batchSize|maximumBatchingWindowInSeconds", DEARER),
    Justification("lambda/eventSourceMapping", "bisectBatchOnFunctionError|parallelizationFactor", DEFAULT),
    Justification("lambda/function", r"environment\.variables\.(PROVIDERS|SECRET_NAME_PREFIX)", STARTS_NOT),
    Justification("lambda/function", "loggingConfig.logFormat", NEEDED),
    Justification("s3/bucketLifecycleConfiguration", r"rules\.\d+\.filter\.prefix", "without a prefix the rule is for every object, as its blank one is"),
    Justification("s3/bucketServerSideEncryptionConfiguration", r"rules\.\d+\.bucketKeyEnabled", DEARER),
    Justification("scheduler/schedule", "flexibleTimeWindow.mode", NEEDED),
    Justification("scheduler/schedule", "scheduleExpressionTimezone", DEFAULT),
    Justification("scheduler/schedule", "target.input", "the function refuses a call without a task and says so, which rings"),
    Justification("sqs/queue", "kmsDataKeyReusePeriodSeconds", DEFAULT),
    Justification("sqs/queue", "visibilityTimeoutSeconds", "of queues that no function reads: AWS's default of 30 s is for a person's look at a message"),
    Justification("wafv2/webAcl", r"rules\.\d+\.(name|priority|ruleLabels\.\d+\.name|visibilityConfig\.metricName)|visibilityConfig\.metricName", NEEDED),
    Justification("wafv2/webAcl", r"rules\.\d+\.statement\.(managedRuleGroupStatement\.ruleActionOverrides|orStatement\.statements|rateBasedStatement\.scopeDownStatement)\..+", NEEDED),
    Justification("wafv2/webAcl", r"rules\.\d+\.statement\.notStatement\..+\.textTransformations\.\d+\.priority", NEEDED),
    Justification("wafv2/webAcl", r"rules\.\d+\.statement\.rateBasedStatement\.evaluationWindowSec", "AWS then counts over 300 s: as long as the keyless rule does, and stricter for the other"),
    Justification("wafv2/webAclLoggingConfiguration", r"loggingFilter\..+", NEEDED),
    Justification("wafv2/webAclLoggingConfiguration", r"redactedFields\.\d+\.queryString", "the ACL's data protection replaces the query string before it is logged (deny_waf_data)"),
)  # fmt: skip


def all_of(graph: list[Resource]) -> Iterator[Mutation]:
    """One mutation a leaf."""
    for resource in graph:
        for path in leaves(resource["properties"]):
            if not path:
                continue
            name = dotted(path)
            why = next((j.why for j in JUSTIFIED if j.covers(resource, name)), "")
            # An element of a list is told from the others by its value, not by its index.
            element = f" = {json.dumps(at(resource['properties'], path))}" if isinstance(path[-1], int) else ""
            put = changed(resource, ("properties", *path), DROP)
            yield Mutation(
                KIND, f"{short(resource)} {name}", f"{generalised(path)}{element}", put=(put,), justified=why
            )
