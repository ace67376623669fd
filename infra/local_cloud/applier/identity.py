"""Roles, keys and secrets."""

import json
from typing import Any

from infra.local_cloud.applier.shapes import present
from infra.local_cloud.clients import Clients, tag_list

Made = tuple[str, dict[str, Any]]


def role(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.iam.Role."""
    made = clients.iam.create_role(
        RoleName=inputs["name"], AssumeRolePolicyDocument=inputs["assumeRolePolicy"], Tags=tag_list(inputs.get("tags"))
    )
    return inputs["name"], {"arn": made["Role"]["Arn"]}


def role_policy(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.iam.RolePolicy."""
    json.loads(inputs["policy"])
    clients.iam.put_role_policy(RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"])
    return f"{inputs['role']}:{inputs['name']}", {}


def role_policy_attachment(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.iam.RolePolicyAttachment."""
    clients.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}/{inputs['policyArn']}", {}


def key(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.kms.Key."""
    arguments = present(
        Description=inputs.get("description"),
        Policy=inputs.get("policy"),
        KeyUsage=inputs.get("keyUsage"),
        KeySpec=inputs.get("customerMasterKeySpec"),
    )
    tags = [{"TagKey": name, "TagValue": value} for name, value in inputs.get("tags", {}).items()]
    made = clients.kms.create_key(**arguments, Tags=tags)["KeyMetadata"]
    if inputs.get("enableKeyRotation"):
        clients.kms.enable_key_rotation(KeyId=made["KeyId"])
    return made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]}


def alias(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.kms.Alias."""
    clients.kms.create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
    return inputs["name"], {}


def secret(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.secretsmanager.Secret."""
    arguments = present(Description=inputs.get("description"), KmsKeyId=inputs.get("kmsKeyId"))
    made = clients.secretsmanager.create_secret(Name=inputs["name"], Tags=tag_list(inputs.get("tags")), **arguments)
    return made["ARN"], {"arn": made["ARN"]}


MAKERS = {
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": role_policy_attachment,
    "aws:kms/key:Key": key,
    "aws:kms/alias:Alias": alias,
    "aws:secretsmanager/secret:Secret": secret,
}
