"""The bench's own Python: the usual function's signatures and masking, and how figures become a page."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from bench.baseline.signatures import VERIFIERS
from bench.instructions import compare, without_hash
from bench.readme import baseline, batches, figure, floor, money

ROOT = Path(__file__).resolve().parents[2]
BODY = b'{"id":"evt_1","amount":1130}'


def mac(key: str, signed: bytes, algorithm: str = "sha256") -> "hmac.HMAC":
    return hmac.new(key.encode(), signed, algorithm)


GENUINE = {
    "stripe": {"stripe-signature": f"t=5,v1={mac('k', b'5.' + BODY).hexdigest()}"},
    "paddle": {"paddle-signature": f"ts=5;h1={mac('k', b'5:' + BODY).hexdigest()}"},
    "mollie": {"x-mollie-signature": f"sha256={mac('k', BODY).hexdigest()}"},
    "paystack": {"x-paystack-signature": mac("k", BODY, "sha512").hexdigest()},
    "shopify": {"x-shopify-hmac-sha256": base64.b64encode(mac("k", BODY).digest()).decode()},
    "checkout": {"cko-signature": mac("k", BODY).hexdigest()},
}


@pytest.mark.parametrize("provider", GENUINE)
def test_the_usual_function_tells_a_genuine_webhook_from_a_forged_one(provider: str) -> None:
    verify, headers = VERIFIERS[provider], GENUINE[provider]
    assert verify(BODY, headers, "k")
    assert not verify(BODY + b" ", headers, "k")
    assert not verify(BODY, headers, "another")
    assert not verify(BODY, {}, "k")


def test_the_usual_function_verifies_standard_webhooks() -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    key = "whsec_" + base64.b64encode(secret).decode()
    signature = base64.b64encode(hmac.new(secret, b"m.5." + BODY, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "m", "webhook-timestamp": "5", "webhook-signature": f"v1,{signature}"}
    assert VERIFIERS["standardwebhooks"](BODY, headers, key)
    assert not VERIFIERS["standardwebhooks"](BODY, headers | {"webhook-id": "n"}, key)


def test_the_usual_function_masks_and_reads_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-2")
    from bench.baseline.function import item_of, masked

    assert masked('{"n":"4111111111111111","a":113}') == '{"n":"411111******1111","a":113}'
    item = item_of("stripe", '{"type":"charge.succeeded","data":{"id":"ch_1","amount":1130,"currency":"eur"}}')
    assert item["transaction_id"] == {"S": "stripe:ch_1"}
    assert (item["amount"], item["currency"], item["event_type"]) == (
        {"S": "1130"},
        {"S": "eur"},
        {"S": "charge.succeeded"},
    )


def test_a_figure_has_three_digits_that_count() -> None:
    assert [figure(value) for value in (1234.5, 12.34, 0.0123, 0, None)] == ["1,234", "12.3", "0.0123", "0.00", ""]


def test_a_run_of_before_is_shown_without_what_it_did_not_measure() -> None:
    old = json.loads((ROOT / "bench/results.json").read_text())
    for name in ("floor", "baseline", "apart", "usual"):
        old.pop(name, None)
    assert floor(old) == []
    assert baseline(old) == []
    assert all(row.count("|") == batches(old)[0].count("|") for row in batches(old)[:-1])
    assert "| all |  | **" in "\n".join(money(old))


def test_a_time_is_shown_as_a_multiple_of_the_floor() -> None:
    results = {
        "floor": {"hash_us": 4.0, "scan_us": 6.0},
        "baseline": {
            "ours_cpu_us_per_webhook": 30.0,
            "usual": [{"records": 1, "cpu_us_per_webhook": 2_400.0}],
        },
    }
    assert "| all | **10.0 µs** |" in floor(results)
    assert "| payhook, 100 in a batch | 30.0 µs | 3.00 |  |" in baseline(results)
    assert "| the usual function in Python, 1 in an invocation | 2,400 µs | 240 | 80.0 |" in baseline(results)


def test_bills_are_shown_line_by_line() -> None:
    line = {"what": "SQS", "quantity": "1 million", "usd": 0.4}
    volume = {
        "per_second": 400.0,
        "providers": 22,
        "usd_per_million": 9.5,
        "usd_per_million_one_process": 9.0,
        "usd_per_million_by_request": 8.0,
    }
    text = money({"bill": [line, line], "apart": [line], "usual": [line], "volumes": [volume]})
    assert "| SQS | 1 million | 0.4000 |" in text
    assert "| all |  | **0.80** |" in text
    assert "| 400 | 22 | 9.50 | 9.00 | 8.00 |" in text
    # What stands apart is not summed.
    assert sum(row.startswith("| all |") for row in text) == 2


# As callgrind writes it: names are told once, a call's cost stands with the called function, too.
CALLGRIND = """\
events: Ir
fl=(1) a.c
fn=(1) main
16 400
+2 50
cfn=(2) aws_lc_0_47_0_sha256_block_data_order_avx
calls=3 50
16 9000
* 7
fn=(2)
20 9000
fn=(3) sha2::sha256::soft::unroll::compress_block
1 500
fn=(4) ZSTD_compressBlock_fast
-3 30
cfn=(1)
calls=1 16
-1 457
totals: 9987
"""


def test_the_instructions_of_hash_functions_are_left_out() -> None:
    assert without_hash(CALLGRIND.splitlines()) == 400 + 50 + 7 + 30


@pytest.mark.parametrize(
    ("now", "over"),
    [({"a": 105}, []), ({"a": 106}, ["a"]), ({"a": 90, "new": 1}, ["new"]), ({}, ["a"])],
)
def test_what_is_over_the_gate_or_not_on_record_is_named(now: dict[str, int], over: list[str]) -> None:
    table, found = compare({"a": 100}, now)
    assert found == over
    assert all(case in table for case in now)
