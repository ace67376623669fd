"""The functions' zips: where they lie, and the hash by which an unchanged build is an unchanged deploy."""

import base64
import hashlib
from pathlib import Path

from lib.limits import FUNCTIONS

# Paths are given as the Pulumi CLI sees them, from this folder.
INFRA = Path(__file__).resolve().parents[1]
# `nix build` leaves its link in the repository's root; `make lambdas` builds into the second folder.
NIX_RESULT = "../result"
CROSS_BUILT = "../build/lambdas/arm64"
# Instead of a folder: the zips need not exist. The graph is the same whether or not something was built, and a policy sees that a hash is set.
UNBUILT = "unbuilt"


def default_zip_dir(infra: Path = INFRA) -> str:
    """The flake's result where it holds the functions (`nix build` may have left something else there), else the cross-built ones."""
    built_by_nix = all((infra / NIX_RESULT / f"{function}.zip").is_file() for function in FUNCTIONS)
    return NIX_RESULT if built_by_nix else CROSS_BUILT


def zip_hash(zip_dir: str, function: str) -> str:
    """Base64 of the zip's SHA-256, the form of Lambda's own `CodeSha256`. Raises FileNotFoundError, with what to do, for a zip that was not built."""
    if zip_dir == UNBUILT:
        return UNBUILT
    path = INFRA / zip_dir / f"{function}.zip"
    if not path.is_file():
        raise FileNotFoundError(
            f"{zip_dir}/{function}.zip does not exist: build it with `nix build` or `make lambdas`, "
            "or say where it is with `pulumi config set lambda_zip_dir DIR`"
        )
    return base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
