"""Rights as managed policies: statements are put into as few documents as IAM's sizes allow."""

import json

from lib.policies import Statement, document

# White space does not count for the size of a policy. Editions of AWS's page differ on how many
# policies a role can have where nobody has asked for more: the newer one says 20, the one of 2023
# says 10. The smaller number is kept, which holds either way. Sources, stored copies of which were
# read 2026-11-27: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, and
# https://github.com/awsdocs/iam-user-guide, doc_source/reference_iam-quotas.md at 0baff9b.
MANAGED_POLICY_CHARACTERS_MAX = 6144
ROLE_MANAGED_POLICIES_MAX = 10
# What a document is filled to: the rest is for a statement that grows by a few actions.
MANAGED_POLICY_CHARACTERS_FILLED = 5800


def characters(text: str) -> int:
    """The size of a policy as IAM counts it, in characters."""
    return len(json.dumps(json.loads(text), separators=(",", ":")))


def documents(statements: list[Statement]) -> list[str]:
    """The statements in documents, in their order. Raises ValueError for a statement that fits into
    no document, and for more documents than a role can have.
    """
    filled: list[list[Statement]] = []
    for statement in statements:
        if characters(document(statement)) > MANAGED_POLICY_CHARACTERS_FILLED:
            raise ValueError(f"the statement {statement['Sid']} is longer than a policy may be: split it")
        if filled and characters(document(*filled[-1], statement)) <= MANAGED_POLICY_CHARACTERS_FILLED:
            filled[-1].append(statement)
        else:
            filled.append([statement])
    if len(filled) > ROLE_MANAGED_POLICIES_MAX:
        raise ValueError(f"{len(filled)} policies are more than the {ROLE_MANAGED_POLICIES_MAX} that a role can have")
    return [document(*part) for part in filled]
