"""GitHub's identity provider, and the roles that its workflows take: one deploys, one looks for
drift, one asks the account and proves that webhooks arrive.

Trust is bound to the repository, to its protected branch and to one of its environments, whose
protection rules (who approves) then hold for the role:
https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws,
read 2026-11-25. STS compares GitHub's claim `ref`, too, which is among the condition keys of
AssumeRoleWithWebIdentity:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_sts.html, a stored copy of
which was read 2026-11-27. So a job of a pull request, whose `ref` is its own, can take no role
whatever the environments of the repository allow.
"""

import pulumi
import pulumi_aws as aws

from bootstrap.account import ISSUER, Account
from bootstrap.policies import documents
from bootstrap.rights import deploy_statements, read_statements
from lib.limits import FUNCTIONS, LIMITS
from lib.policies import Statement, allow, document
from lib.settings import EDGE_REGION

AUDIENCE = "sts.amazonaws.com"
# Webhooks of this provider prove a deployment: nobody else's console has to be touched for it.
SMOKE_PROVIDER: str = LIMITS["smoke"]["provider"]
SESSION_SECONDS = 3600
# What is merged; the rules of the branch say who may.
PROTECTED_REF = "refs/heads/main"


def github_trust(account: Account, environment: str) -> str:
    """Who may assume a role: a job of this repository's protected branch that runs in this environment."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": account.oidc_provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": AUDIENCE,
                    f"{ISSUER}:ref": PROTECTED_REF,
                    f"{ISSUER}:sub": f"repo:{account.github_repository}:environment:{environment}",
                }
            },
        }
    )


def state_statements(account: Account, *, write: bool) -> list[Statement]:
    """The state of the deployed stack; the key's policy names the roles that may use the key. A look for drift locks the state, too."""
    bucket = f"arn:aws:s3:::{account.state_bucket}"
    return [
        allow(["s3:ListBucket"], [bucket], "ListState"),
        allow(["s3:GetObject"], [f"{bucket}/.pulumi/*"], "ReadState"),
        allow(
            ["s3:DeleteObject", "s3:PutObject"],
            [f"{bucket}/.pulumi/*" if write else f"{bucket}/.pulumi/locks/*"],
            "State",
        ),
    ]


def account_statements(account: Account) -> list[Statement]:
    """What `payhook doctor before` reads: quotas, what there is of them, the edge's certificate, and whether the stack's names are taken.

    Of a secret that is not there Secrets Manager asks for the right on its name alone, without the
    characters that it adds to one that is: an answer of AWS in
    https://github.com/aws/aws-cdk/issues/17792, read 2026-11-27, names it so.
    """
    deployed, suffix = account.deployed, account.environment_suffix
    secrets = deployed.arn("secretsmanager", f"secret:*_{suffix}")
    return [
        allow(
            [
                "kms:ListAliases",
                "kms:ListKeys",
                "lambda:GetAccountSettings",
                "servicequotas:GetAWSDefaultServiceQuota",
                "servicequotas:GetServiceQuota",
            ],
            ["*"],
            "AskTheAccount",
        ),
        allow(
            ["acm:DescribeCertificate"],
            [f"arn:aws:acm:{EDGE_REGION}:{account.account_id}:certificate/*"],
            "Certificate",
        ),
        allow(["apigateway:GET"], [f"arn:aws:apigateway:{account.region}::/usageplans"], "CountUsagePlans"),
        allow(["dynamodb:DescribeTable"], [deployed.arn("dynamodb", f"table/*_{suffix}")], "LookForTables"),
        allow(["sqs:GetQueueUrl"], [deployed.arn("sqs", f"*_{suffix}")], "LookForQueues"),
        allow(
            ["lambda:GetFunctionConfiguration"], [deployed.arn("lambda", f"function:*_{suffix}")], "LookForFunctions"
        ),
        allow(["s3:ListBucket"], [f"arn:aws:s3:::payhook-*-{account.account_id}-{suffix}"], "LookForBuckets"),
        allow(["secretsmanager:DescribeSecret"], [secrets, f"{secrets}-??????"], "LookForSecrets"),
    ]


def smoke_statements(account: Account) -> list[Statement]:
    """What `payhook doctor after` calls as one provider.

    The rejected queue is not among it: it holds bodies of other people's webhooks as they came. That a forgery is rejected is seen in the audit log, which
    is masked; the step about the queue could not be told here, and an operator takes it.
    """
    deployed = account.deployed
    secret = deployed.arn("secretsmanager", f"secret:{deployed.secret(SMOKE_PROVIDER)}-??????")
    gateway = [f"arn:aws:apigateway:{account.region}::/{root}" for root in ("account", "apikeys", "restapis")]
    functions = [deployed.function_arn(function) for function in FUNCTIONS]
    return [
        allow(["apigateway:GET"], gateway, "ReadApiKeys"),
        allow(["secretsmanager:GetSecretValue"], [secret], "SignAsOneProvider"),
        allow(["dynamodb:Query"], [deployed.table_arn("transactions")], "FindTheRecord"),
        allow(["dynamodb:BatchGetItem"], [deployed.table_arn("analytics")], "FindItCounted"),
        allow(["s3:GetObject"], [f"{deployed.bucket_arn}/audit/*"], "ReadItsAuditLine"),
        allow(["kms:Decrypt"], [deployed.arn("kms", "key/*")], "Decrypt", account.own_tags_only),
        allow(["lambda:GetFunctionConcurrency", "lambda:GetFunctionRecursionConfig"], functions, "LookAtFunctions"),
        allow(["sns:ListSubscriptionsByTopic"], [deployed.arn("sns", deployed.name("alarms"))], "WhomAlarmsReach"),
        allow(
            [
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetricStatistics",
                "lambda:ListEventSourceMappings",
                "logs:DescribeLogGroups",
            ],
            ["*"],
            "LookAround",
        ),
    ]


def role_statements(account: Account) -> dict[str, tuple[str, list[Statement]]]:
    """Each role: the environment of GitHub that may take it, and its rights."""
    environment = account.environment_suffix
    return {
        "deploy_role": (environment, [*state_statements(account, write=True), *deploy_statements(account)]),
        "drift_role": (
            f"{environment}-drift",
            [*state_statements(account, write=False), *read_statements(account)],
        ),
        "smoke_role": (environment, [*account_statements(account), *smoke_statements(account)]),
    }


class GithubRoles(pulumi.ComponentResource):
    """The provider, and the workflows' roles with their policies."""

    def __init__(self, account: Account, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:GithubRoles", "github_roles", None, opts)
        own = account.own
        child = pulumi.ResourceOptions(parent=self)
        provider: list[pulumi.Resource] = []
        if account.makes_oidc_provider:
            # AWS checks GitHub's certificate against its own list of authorities: no thumbprint is
            # needed. Where it cannot check that, it compares the thumbprint that IAM has fetched.
            # Source, a stored copy of which was read 2026-11-28:
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html.
            provider.append(
                aws.iam.OpenIdConnectProvider(
                    "github", url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], tags=own.tags, opts=child
                )
            )
        self.roles: dict[str, aws.iam.Role] = {}
        for name, (environment, statements) in role_statements(account).items():
            self.roles[name] = aws.iam.Role(
                name,
                name=own.name(name),
                description=f"Taken by jobs of {account.github_repository} in the environment {environment}",
                assume_role_policy=github_trust(account, environment),
                max_session_duration=SESSION_SECONDS,
                tags=own.tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=provider),
            )
            for number, text in enumerate(documents(statements), 1):
                policy = aws.iam.Policy(
                    f"{name}_policy_{number}",
                    name=own.name(f"{name}_policy_{number}"),
                    description=f"Part {number} of what {own.name(name)} may do",
                    policy=text,
                    tags=own.tags,
                    opts=child,
                )
                aws.iam.RolePolicyAttachment(
                    f"{name}_policy_{number}", role=self.roles[name].name, policy_arn=policy.arn, opts=child
                )
        self.register_outputs({})
