"""boto3 clients of one local cloud. The root key passes IAM: it stands for the person who deploys
and looks, never for a function.
"""

import functools
import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from infra.local_cloud.emulator import ROOT_KEY

ACCOUNT = "000000000000"
REGION = "us-east-2"


@dataclass(frozen=True)
class Clients:
    """Clients by service name, made once each."""

    endpoint: str

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        return client(self.endpoint, service.rstrip("_").replace("_", "-"))

    def in_region(self, service: str, region: str) -> Any:
        """A client of another region than the stack's."""
        return client(self.endpoint, service, region)


@functools.cache
def _session() -> Any:
    """One for all clients: it keeps the tables that it reads, which take longer to read than all
    calls of a deployment.
    """
    return boto3.session.Session(aws_access_key_id=ROOT_KEY, aws_secret_access_key=ROOT_KEY, region_name=REGION)


_making = threading.Lock()


def client(endpoint: str, service: str, region: str = REGION) -> Any:
    """One client; names only, so that no configuration of this machine leaks in. A session is not
    made for several threads, so they take turns.
    """
    with _making:
        return _client(endpoint, service, region)


# How long an answer may take: as long as a function may run. A client that waits for less invokes the function once more
# while it runs, which the reserved concurrency refuses.
# https://github.com/awsdocs/aws-lambda-developer-guide/pull/394 (read 2026-11-27): a function that runs for longer than the
# client's 60 seconds is invoked again, "regardless of their actual timeout".
_ANSWER_SECONDS_MAX = 900


@functools.cache
def _client(endpoint: str, service: str, region: str) -> Any:
    return _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 3},
            max_pool_connections=32,
            read_timeout=_ANSWER_SECONDS_MAX,
        ),
    )


def tag_list(tags: dict[str, str] | None) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
