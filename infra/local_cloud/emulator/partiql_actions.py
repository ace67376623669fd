"""Gap: PartiQL statements are authorised under an action that does not exist on AWS.

AWS: each statement needs dynamodb:PartiQLInsert, PartiQLUpdate, PartiQLDelete or PartiQLSelect on its table.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html, read 2026-11-23.
"""

import json
import re

from ministack.core import iam_actions

CALLS = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")
STATEMENT = re.compile(
    r'\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM|SELECT.*?\sFROM)\s+"?([\w.-]+)', re.IGNORECASE | re.DOTALL
)


def apply() -> None:
    """Puts the patch in place."""
    stock = iam_actions.dynamodb_transaction_checks

    def checks(iam_action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
        if iam_action.split(":")[-1] not in CALLS:
            return stock(iam_action, body, region, account)
        data = json.loads(body or b"{}")
        entries = data.get("Statements") or data.get("TransactStatements") or [data]
        found = [STATEMENT.match(entry.get("Statement", "")) for entry in entries]
        return [
            (f"dynamodb:PartiQL{m[1].split()[0].capitalize()}", iam_actions._dynamodb_table_arn(m[2], region, account))
            for m in found
            if m
        ]

    iam_actions.dynamodb_transaction_checks = checks
