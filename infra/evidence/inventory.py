"""Lists read from the graph that an assessor asks for: cryptography (12.3.3), roles and rights (7.2), alarms (10.7), retention (10.5.1), and
what the gap check asks of providers (1.4.4).
"""

import json
from typing import Any

from infra.lib.catalogue import CATALOGUE_FILE
from infra.lib.limits import LIMITS
from infra.lib.listings import read_listings

Graph = list[dict[str, Any]]
Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def _of(graph: Graph, ending: str) -> Graph:
    return [resource for resource in graph if resource["type"].endswith(ending)]


def _key_of(value: Any) -> set[str]:
    """Every key that a value names."""
    if isinstance(value, dict):
        return {key for item in value.values() for key in _key_of(item)}
    if isinstance(value, list):
        return {key for item in value for key in _key_of(item)}
    return {str(value)} if str(value) in ("arn:preview:key", "key-id") else set()


def cryptography(graph: Graph) -> Table:
    """Keys, what each protects, the providers' signatures, and transport."""
    rows: list[tuple[str, ...]] = []
    for key in _of(graph, ":Key"):
        properties = key["properties"]
        spec = properties.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT")
        usage = properties.get("keyUsage", "ENCRYPT_DECRYPT")
        rotation = "yearly, by KMS" if properties.get("enableKeyRotation") else "none: KMS rotates no asymmetric keys"
        algorithm = "AES-256-GCM" if spec == "SYMMETRIC_DEFAULT" else "ECDSA P-256, SHA-256"
        rows.append((properties["description"], f"KMS {spec}, {usage}", algorithm, rotation))
    encrypted = sorted(
        {f"{r['type'].split('/')[0].removeprefix('aws:')} {r['name']}" for r in graph if _key_of(r["properties"])}
    )
    rows.append(
        ("at rest", "the first key above", "AES-256-GCM", f"{len(encrypted)} resources: {', '.join(encrypted)}")
    )
    rows.append(
        (
            "in transit",
            "TLS 1.2 or newer to AWS",
            "as AWS negotiates it",
            "refused without: bucket, queues and topic say so themselves",
        )
    )
    for provider in json.loads(CATALOGUE_FILE.read_text()):
        rows.append(
            (f"webhooks of {provider['title']}", provider["scheme"], "verified, never made", "several secrets at once")
        )
    rows.append(("audit log", "SHA-256 of every raw body and object", "chained digests", "daily"))
    return "Cryptographic inventory (12.3.3)", ("what", "key or scheme", "algorithm", "rotation, where"), rows


def rights(graph: Graph) -> Table:
    """Roles and what they may do."""
    rows = [
        (
            resource["properties"]["name"],
            statement["Sid"],
            ", ".join(statement["Action"]),
            ", ".join(statement["Resource"]),
        )
        for resource in _of(graph, ":RolePolicy")
        for statement in json.loads(resource["properties"]["policy"])["Statement"]
    ]
    return "Roles and rights (7.2)", ("policy", "statement", "actions", "resources"), rows


def alarms(graph: Graph) -> Table:
    """What rings, and where to."""
    rows = [
        (
            properties["name"],
            properties["alarmDescription"],
            f"{properties['comparisonOperator']} {properties['threshold']}",
            ", ".join(properties.get("alarmActions", [])),
        )
        for properties in (resource["properties"] for resource in _of(graph, ":MetricAlarm"))
    ]
    return "Alarms (10.7)", ("alarm", "rings when", "threshold", "goes to"), rows


def retention(graph: Graph) -> Table:
    """How long logs, records and objects are kept."""
    rows: list[tuple[str, ...]] = [
        (
            str(r["properties"].get("name", r["name"])),
            "log group",
            f"{r['properties']['retentionInDays']} days",
            "deleted",
        )
        for r in _of(graph, ":LogGroup")
    ]
    for resource in _of(graph, "BucketLifecycleConfiguration"):
        for rule in resource["properties"]["rules"]:
            colder = "; ".join(f"{t['storageClass']} after {t['days']} days" for t in rule.get("transitions", []))
            days = rule.get("expiration", {}).get("days")
            prefix = (rule.get("filter") or {}).get("prefix", "")
            rows.append(
                (f"{resource['name']} {prefix}", "objects", f"{days} days" if days else "for good", colder or "-")
            )
    archive, names = LIMITS["archive"], [r["properties"]["name"] for r in _of(graph, ":Table")]
    table = next((name for name in names if name.startswith("transactions_")), "transactions")
    for kind, days in (
        ("events", "table_days"),
        ("events without a signed time", "undated_table_days"),
        ("movements", "movement_table_days"),
    ):
        kept = f"{archive[days] + archive['grace_days']} days"
        rows.append((f"{table} {kind}", "items", kept, "deleted within days; in the archive for good"))
    return "Retention (10.5.1)", ("what", "kind", "kept", "then"), rows


def egress(graph: Graph) -> Table:
    """Which hosts the gap check asks, of each provider that it is told to compare."""
    rows: list[tuple[str, ...]] = []
    listings = read_listings()
    for function in _of(graph, ":Function"):
        properties = function["properties"]
        variables = (properties.get("environment") or {}).get("variables", {})
        for provider in variables.get("GAP_CHECK_PROVIDERS", "").split(","):
            if provider:
                hosts = listings[provider].hosts or ("the host that api_url of its API secret names",)
                why = f"HTTPS, port 443; daily; a key with: {listings[provider].rights}"
                rows.append((properties["name"], provider, ", ".join(hosts), why))
    if not rows:
        rows.append(("-", "none", "-", "gap_check names no provider: nothing is asked"))
    return "Egress of the gap check (1.4.4)", ("function", "provider", "hosts", "how, with which rights"), rows


def tables(graph: Graph) -> list[Table]:
    """All of them."""
    return [cryptography(graph), rights(graph), alarms(graph), retention(graph), egress(graph)]
