"""What two well-known scanners find in card-shaped text, payhook masks. They are a floor, not the truth: both miss much of what is written otherwise.

PAYHOOK names the command line to ask.
"""

import os
import random
import re
import subprocess

import pytest
from panhunt.patterns import CardPatterns
from presidio_analyzer.predefined_recognizers import CreditCardRecognizer

# Beginnings and lengths of every brand that either scanner knows, and some that neither does.
SHAPES = [
    ("4", 13), ("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2500", 16), ("2720", 16), ("34", 15), ("37", 15),
    ("300", 14), ("305", 14), ("36", 14), ("38", 14), ("39", 14), ("6011", 16), ("644", 16), ("65", 16), ("622126", 16), ("622925", 16),
    ("3528", 16), ("3589", 16), ("2131", 15), ("1800", 15), ("5018", 16), ("5020", 16), ("5038", 16), ("6304", 16), ("6304", 19), ("6759", 16),
    ("6763", 18), ("62", 16), ("62", 19), ("2200", 16), ("2204", 16), ("81", 16),
]  # fmt: skip
SEPARATORS = ["", " ", "-"]
AROUND = ["{}", "card {} paid", "({})", "pan={};", '"{}"', "a, {}, b", "{}\tx", "ref/{}/x"]
EACH = 6


def luhn(digits: str) -> bool:
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def number(rng: random.Random, start: str, length: int) -> str:
    digits = start + "".join(rng.choice("0123456789") for _ in range(length - len(start) - 1))
    return next(digits + check for check in "0123456789" if luhn(digits + check))


def grouped(digits: str, separator: str) -> str:
    """As it is embossed: four, six and five for fifteen and fourteen digits, else fours."""
    if len(digits) in (14, 15):
        return separator.join([digits[:4], digits[4:10], digits[10:]])
    return separator.join(digits[i : i + 4] for i in range(0, len(digits), 4))


def lines() -> list[str]:
    rng = random.Random(20)
    return [
        rng.choice(AROUND).format(grouped(number(rng, start, length), separator))
        for start, length in SHAPES
        for separator in SEPARATORS
        for _ in range(EACH)
    ]


def presidio(text: str) -> list[str]:
    return [text[found.start : found.end] for found in CreditCardRecognizer().analyze(text, ["CREDIT_CARD"])]


def panhunt(text: str) -> list[str]:
    brands = CardPatterns().brands()
    return [found for _, brand in brands for found in brand.findall(text) if luhn(re.sub(r"\D", "", found))]


@pytest.mark.parametrize("scanner", [presidio, panhunt])
def test_what_a_scanner_finds_does_not_survive(scanner, capsys: pytest.CaptureFixture[str]) -> None:
    texts = lines()
    run = subprocess.run(
        [os.environ["PAYHOOK"], "mask"],
        input="\n".join(texts) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    masked = run.stdout.splitlines()
    assert len(masked) == len(texts)
    found = survived = ours = 0
    for text, after in zip(texts, masked, strict=True):
        digits = re.sub(r"\D", "", text)
        ours += digits not in re.sub(r"\D", "", after)
        for finding in scanner(text):
            found += 1
            survived += finding in after or re.sub(r"\D", "", finding) in re.sub(r"\D", "", after)
    with capsys.disabled():
        print(f"\n  {scanner.__name__} finds {found} in {len(texts)} texts, payhook masks {ours}", end="")
    assert found > len(texts) // 3
    assert survived == 0
    assert ours >= found
