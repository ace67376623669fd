"""What the bootstrap is told: the environment it prepares, the repository that deploys it, and the names that follow."""

import re
from dataclasses import dataclass
from functools import cached_property

from lib.settings import Settings

REPOSITORY_FORM = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")
OWN_SUFFIX_END = "-bootstrap"
# A suffix has at most 20 characters, and the bootstrap's own is longer by its end.
SUFFIX_LENGTH_MAX = 20 - len(OWN_SUFFIX_END)
ISSUER = "token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Account:
    """One environment in one account. Raises ValueError, with what to do, for what it cannot be.

    What the bootstrap makes ends in `{environment}-bootstrap`: no pattern that ends in the
    environment's suffix, by which the deploy role is bounded, reaches it.
    """

    environment_suffix: str
    account_id: str
    # Nobody deploys from GitHub where this is empty.
    github_repository: str
    region: str
    cost_center: str = "payments"
    # An account has one provider for one issuer, and one role for the logs of API Gateway in a
    # region: a second environment in the same account uses those that the first one made.
    makes_oidc_provider: bool = True
    makes_gateway_logging: bool = True

    def __post_init__(self) -> None:
        if self.github_repository and not REPOSITORY_FORM.fullmatch(self.github_repository):
            raise ValueError("github_repository must be OWNER/NAME: pulumi config set github_repository OWNER/NAME")
        if self.environment_suffix.endswith(OWN_SUFFIX_END) or len(self.environment_suffix) > SUFFIX_LENGTH_MAX:
            raise ValueError(
                f"environment_suffix is the deployed stack's: at most {SUFFIX_LENGTH_MAX} characters, not ending in {OWN_SUFFIX_END}"
            )
        # Both refuse what is no suffix, account or region of payhook.
        _ = self.deployed, self.own

    @cached_property
    def deployed(self) -> Settings:
        """The stack that will be deployed."""
        return Settings(self.environment_suffix, self.account_id, self.region, self.cost_center, edge=False)

    @cached_property
    def own(self) -> Settings:
        """What the bootstrap itself makes."""
        suffix = self.environment_suffix + OWN_SUFFIX_END
        return Settings(suffix, self.account_id, self.region, self.cost_center, edge=False)

    @property
    def state_bucket(self) -> str:
        """Where the deployed stack's state is kept."""
        return f"payhook-state-{self.account_id}-{self.own.environment_suffix}"

    @property
    def state_key_alias(self) -> str:
        """The key of the state bucket and of the secrets in the state."""
        return f"alias/{self.own.name('payhook_state')}"

    @property
    def oidc_provider_arn(self) -> str:
        """GitHub's identity provider in this account."""
        return f"arn:aws:iam::{self.account_id}:oidc-provider/{ISSUER}"

    @property
    def boundary(self) -> str:
        """The policy that bounds every role of the deployed stack."""
        return self.own.name("role_boundary")

    @property
    def boundary_arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iam::{self.account_id}:policy/{self.boundary}"

    def _tagged(self, key: str) -> dict[str, dict[str, str]]:
        """A condition on a key of tags: it holds the deployed stack's Environment and Project."""
        return {"StringEquals": {f"{key}/{tag}": self.deployed.tags[tag] for tag in ("Environment", "Project")}}

    @property
    def own_tags_only(self) -> dict[str, dict[str, str]]:
        """Holds for what carries the deployed stack's tags."""
        return self._tagged("aws:ResourceTag")

    @property
    def asks_for_own_tags(self) -> dict[str, dict[str, str]]:
        """Holds for a request that gives a resource the deployed stack's tags."""
        return self._tagged("aws:RequestTag")

    @property
    def untagged_only(self) -> dict[str, dict[str, str]]:
        """Holds for what carries no tag Project: what is being made, and a new key whose tags do
        not count yet. Everything of payhook's, of any environment and of the bootstrap, carries it.
        """
        return {"Null": {"aws:ResourceTag/Project": "true"}}
