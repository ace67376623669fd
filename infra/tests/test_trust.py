"""Who may assume the roles, and what the real provider may read of the keys: what the emulator's
root key never asks.
"""

import json
import re
from pathlib import Path

import pytest

from infra.lib.policies import KEYS_SENT
from infra.tests.conftest import Find

PACK = Path(__file__).resolve().parents[2] / "policies/iam_roles.rego"
# What the provider calls for a key, whatever it is for: create, read, update, destroy, tag and
# untag. A key policy that gives the account a list of actions lets IAM give no others. Source:
# https://github.com/hashicorp/terraform-provider-aws/blob/v6.50.0/internal/service/kms/key.go, read
# 2026-11-27.
PROVIDER_CALLS = {
    "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription", "kms:DisableKey", "kms:EnableKey",
}  # fmt: skip


def test_each_role_is_for_one_service_and_asks_for_all_that_the_service_sends_and_no_more(of_type: Find) -> None:
    for role in of_type(":Role"):
        (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
        service = statement["Principal"]["Service"]
        asked = {key for tests in statement.get("Condition", {}).values() for key in tests}
        assert asked == KEYS_SENT[service], role["name"]
        if asked:
            assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "000000000000"}


def test_the_pack_has_the_same_table() -> None:
    table = re.search(r"^trusted_services := \{\n(.*?)^\}", PACK.read_text(), re.MULTILINE | re.DOTALL)
    assert table
    rows = re.findall(r'"([a-z.]+)": \{"source": (set\(\)|\{[^}]*\})\}', table[1])
    assert {service: frozenset(re.findall(r'"([^"]+)"', keys)) for service, keys in rows} == KEYS_SENT


@pytest.mark.parametrize("index", [0, 1])
def test_the_provider_may_do_with_each_key_what_it_does(of_type: Find, index: int) -> None:
    keys = of_type(":Key")
    assert len(keys) == 2
    administration = json.loads(keys[index]["policy"])["Statement"][0]
    assert administration["Sid"] == "Administration"
    assert set(administration["Action"]) >= PROVIDER_CALLS
