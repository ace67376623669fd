"""The provider makes, finds and deletes everything of the stack in the local cloud."""

import json
import os
from pathlib import Path
from typing import Any, cast

import pytest
from pulumi.runtime.proto import provider_pb2

from infra.evaluation import ROOT, evaluated, is_made
from infra.local_cloud.clients import ACCOUNT
from infra.local_cloud.cloud import EDGE_CONFIG, prepare_account, start_empty
from infra.symbols import SUFFIX, Values, place
from tests.engine import calls, wire
from tests.engine.inventory import inventory
from tests.engine.provider import IDENTITY, RANDOM, Provider

ZIPS = Path(os.environ.get("PAYHOOK_ZIPS", ROOT / "build/lambdas/host"))
# AWS keeps a key for some days, and a region always has settings of its gateway.
NEVER_GONE = {"aws:kms/key:Key", "aws:apigateway/account:Account"}


def test_everything_is_made_found_and_deleted(tmp_path: Path) -> None:
    cloud = start_empty(tmp_path / "cloud")
    try:
        prepare_account(cloud, ZIPS)
        provider = Provider("1.2.3")
        endpoints = json.dumps([{"s3control": "http://localhost:1", "sqs": cloud.aws_endpoint}])
        provider.Configure(provider_pb2.ConfigureRequest(args=wire.to_struct({"endpoints": endpoints})), None)
        before = inventory(cloud.clients)

        config = EDGE_CONFIG | {"payhook:environment_suffix": SUFFIX, "payhook:account_id": ACCOUNT}
        values = Values("lives")
        made: list[tuple[str, str, provider_pb2.CreateResponse]] = []
        for resource in evaluated(config, symbolic=True).resources:
            kind, urn = resource["type"], resource["urn"]
            if not is_made(kind):
                continue
            news = values.fill(resource["properties"])
            if kind == "aws:lambda/function:Function":
                news["code"] = {"path": str(ZIPS / Path(news["code"]["path"]).name)}
            checked = provider.Check(provider_pb2.CheckRequest(urn=urn, news=wire.to_struct(news)), None)
            answer = provider.Create(provider_pb2.CreateRequest(urn=urn, properties=checked.inputs), None)
            values.learn(place(kind, resource["name"]), answer.id, wire.revealed(wire.of_struct(answer.properties)))
            made.append((kind, urn, answer))
        assert len(made) > 250
        assert len(inventory(cloud.clients) - before) > 150

        def found(urn: str, answer: provider_pb2.CreateResponse) -> bool:
            request = provider_pb2.ReadRequest(id=answer.id, urn=urn, properties=answer.properties)
            return provider.Read(request, None).id == answer.id

        assert [urn for _, urn, answer in made if not found(urn, answer)] == []
        for _, urn, answer in reversed(made):
            provider.Delete(provider_pb2.DeleteRequest(id=answer.id, urn=urn, properties=answer.properties), None)
        assert inventory(cloud.clients) == before
        deleted = [entry for entry in made if entry[0] not in NEVER_GONE | {RANDOM} and calls.life(entry[0]).delete]
        assert [urn for _, urn, answer in deleted if found(urn, answer)] == []
    finally:
        cloud.stop()


def test_the_account_is_the_one_of_the_local_cloud(tmp_path: Path) -> None:
    cloud = start_empty(tmp_path / "cloud")
    try:
        provider = Provider("1.2.3")
        endpoints = json.dumps([{"sts": cloud.aws_endpoint}])
        provider.Configure(provider_pb2.ConfigureRequest(args=wire.to_struct({"endpoints": endpoints})), None)
        answer = provider.Invoke(provider_pb2.InvokeRequest(tok=IDENTITY), cast(Any, None))
        assert wire.of_struct(getattr(answer, "return"))["accountId"] == ACCOUNT
    finally:
        cloud.stop()


def test_two_addresses_are_refused() -> None:
    endpoints = json.dumps([{"sqs": "http://127.0.0.1:1", "s3": "http://127.0.0.1:2"}])
    with pytest.raises(ValueError, match="one address"):
        Provider("1.2.3").Configure(provider_pb2.ConfigureRequest(args=wire.to_struct({"endpoints": endpoints})), None)
