"""Writes what the fuzzer starts from: the fixtures of every provider, each behind the byte that stands for its provider, and what it found before (`found/TARGET`)."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROVIDERS = ROOT / "functions/provider_webhooks"
NO_BODIES = ("expected.json", "headers.json", "vectors.json", "meanings.json")


def main(corpus: Path) -> None:
    """Fills `corpus/parser`, `corpus/masker` and `corpus/signature_header`."""
    names = [entry["name"] for entry in json.loads((PROVIDERS / "catalogue.json").read_text())]
    for target in ("parser", "masker", "signature_header"):
        (corpus / target).mkdir(parents=True, exist_ok=True)
        for path in (Path(__file__).parent / "found" / target).glob("*"):
            (corpus / target / path.name).write_bytes(path.read_bytes())
    for number, name in enumerate(names):
        for path in sorted((PROVIDERS / "fixtures" / name).iterdir()):
            if path.suffix not in (".json", ".form", ".xml"):
                continue
            seed = f"{name}_{path.name}"
            if path.name == "vectors.json":
                for i, vector in enumerate(json.loads(path.read_text())):
                    values = "\n".join(vector["headers"].values())
                    (corpus / "signature_header" / f"{seed}_{i}").write_bytes(bytes([number]) + values.encode())
            if path.name.endswith(NO_BODIES):
                continue
            (corpus / "masker" / seed).write_bytes(path.read_bytes())
            (corpus / "parser" / seed).write_bytes(bytes([number]) + path.read_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
