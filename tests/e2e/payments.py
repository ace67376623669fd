"""What `payhook payments` says of a cloud that whole lives were sent to."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud

FOLDER = Path(__file__).parents[1] / "payments/reports"
SUMS = ("authorised", "captured", "refunded", "disputed", "paid_out")

Life = dict[str, Any]


def payments(cloud: LocalCloud, payhook: Path, *arguments: str) -> str:
    """What the command prints. Raises CalledProcessError when it fails."""
    command = [str(payhook), "payments", *arguments]
    return subprocess.run(
        command, env=ledger.stack_environment(cloud), capture_output=True, text=True, check=True
    ).stdout


def today() -> str:
    """The UTC day."""
    return datetime.now(UTC).date().isoformat()


def summary(payment: dict[str, Any]) -> tuple[Any, ...]:
    """Currency, exponent, state, and the sums; what is not told of an authorisation or a payout is nothing."""
    return (
        payment["currency"],
        payment["exponent"],
        payment["state"],
        *(payment.get(name) or 0 for name in SUMS),
    )


def listed(cloud: LocalCloud, payhook: Path, *filters: str) -> list[dict[str, Any]]:
    """The payments of today and yesterday, should midnight have passed between: each once."""
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    lines = [
        line
        for day in (yesterday, today())
        for line in payments(cloud, payhook, "list", "--day", day, "--json", *filters).splitlines()
    ]
    return [json.loads(line) for line in dict.fromkeys(lines)]


def check_listed(cloud: LocalCloud, payhook: Path, lives: list[Life]) -> None:
    """Every life is listed as one payment with its money and its state, and filters leave out the others."""
    found = [summary(payment) for payment in listed(cloud, payhook)]
    for life in lives:
        honest = [life["expected"], *(life["expected"] | other for other in life.get("also_honest", []))]
        right = next((answer for answer in map(summary, honest) if answer in found), None)
        assert right, (life["life"], found)
        found.remove(right)
    assert found == []
    disputed = listed(cloud, payhook, "--provider", "stripe", "--state", "disputed")
    assert {payment["provider"] for payment in disputed} == {"stripe"}
    assert {payment["state"] for payment in disputed} == {"disputed"}
    euros = listed(cloud, payhook, "--currency", "EUR", "--min", "100.00", "--max", "100.000")
    assert euros
    assert all(payment["currency"] == "EUR" and payment["captured"] in (0, 10_000) for payment in euros)
    table = payments(cloud, payhook, "list", "--day", today(), "--provider", "stripe")
    assert "stripe: " in table
    assert " payments, captured EUR " in table


def check_shown(cloud: LocalCloud, payhook: Path, payment_id: str, other_ids: list[str]) -> None:
    """One payment is shown from its own id, and from that of an event, a charge, a refund or a dispute."""
    whole = json.loads(payments(cloud, payhook, "show", payment_id, "--json"))
    assert whole["payment"]["transaction_id"] == payment_id.split(":")[-1]
    assert whole["movements"]
    received = [datetime.fromisoformat(event["received_at"]) for event in whole["events"]]
    assert received == sorted(received)
    for event in whole["events"]:
        assert event["attempts"] >= 1
        assert event["audit_key"].startswith("audit/dt=")
        assert event["lag_ms"] is not None
    for other in other_ids:
        assert json.loads(payments(cloud, payhook, "show", other, "--day", today(), "--json")) == whole, other
    text = payments(cloud, payhook, "show", payment_id)
    assert "movements" in text
    assert "events, by receipt" in text


# By report, named after its provider: how many of its movements agree, and what is open by id and reason, as the page beside the reports says.
REPORTS = {
    "adyen_settlement.csv": (
        6,
        {"8N26ZAKCF2JY4GCM": "amount", "GLTDCRFQA6TWNTMH": "failed_here", "NEVERTOLD0000002": "not_told"},
    ),
    "paypal_settlement.csv": (5, {"GNML7NFKWKM69LE5H": "amount", "9NEVERTOLD0000001": "not_told"}),
    "square_entries.json": (
        2,
        {
            "CZBQMVC534HGURWMKZ6E5MZY": "amount",
            "CZBQMVC534HGURWMKZ6E5MZY_UMZJPZ4NF6WRWKUDJW5AAHXRWKFE93": "failed_here",
            "NEVERTOLD00000000000ZY": "not_told",
        },
    ),
}


def check_reconciled(cloud: LocalCloud, payhook: Path) -> None:
    """A provider's report beside what was told today: what agrees, and by id what does not; the status says that something is open."""
    for name, (agree, wanted) in REPORTS.items():
        command = [
            str(payhook),
            "payments",
            "reconcile",
            "--provider",
            name.split("_")[0],
            "--report",
            str(FOLDER / name),
        ]
        answers = [
            subprocess.run(
                [*command, "--day", today(), *as_json],
                env=ledger.stack_environment(cloud), capture_output=True, text=True, check=False,
            )
            for as_json in (["--json"], [])
        ]  # fmt: skip
        assert [answer.returncode for answer in answers] == [1, 1], answers
        found = json.loads(answers[0].stdout)
        open_items = {item["id"]: item["reason"] for part in ("missing_here", "differs") for item in found[part]}
        assert (found["agree"], open_items) == (agree, wanted)
        for item in wanted:
            assert item in answers[1].stdout
