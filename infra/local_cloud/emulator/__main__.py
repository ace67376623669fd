"""Starts the emulator: `python -m infra.local_cloud.emulator --port 4566 --state DIR`.

It listens on the loopback address only, enforces IAM, and hands functions a clean environment: functions inherit the server's own.
"""

import argparse
import importlib
import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path

PINNED_VERSION = "1.5.33"
LOOPBACK = "127.0.0.1"
REGION = "us-east-2"
PATCHES = (
    "loopback_transport",
    "sqs_event_source",
    "partiql_streams",
    "stream_event_source",
    "header_names",
    "mapping_templates",
    "api_key_switch",
    "integration_role",
    "partiql_actions",
    "sqs_batch_actions",
    "metric_math",
    "emf_metrics",
    "access_log",
    "gateway_metrics",
    "principal_arn",
    "conditional_writes",
    "firewall_logging",
    "firewall_blocks",
    "edge_routes",
    "edge_engine",
    "log_data_protection",
    "sending_roles",
    "recursive_loops",
    "current_settings",
    "log_pages",
    "log_group_arn",
    "api_key_value",
    "usage_plan_limits",
    "trail_tags",
    "web_acl_settings",
)
# LLVM_PROFILE_FILE says where an instrumented function leaves its profile: the tests say nowhere.
INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "PYTHONPATH",
    "COVERAGE_PROCESS_START",
    "VIRTUAL_ENV",
    "LLVM_PROFILE_FILE",
)


def clean_environment(port: int, state: Path) -> dict[str, str]:
    """What the server, and so every function, sees of the environment."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return kept | {
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
        "LOG_LEVEL": "WARNING",
        # A listener for devices that would be open to other machines, and half of a start.
        "IOT_MTLS_ENABLED": "0",
        "TMPDIR": str(state / "tmp"),
        "S3_DATA_DIR": str(state / "s3"),
    }


def main(arguments: list[str]) -> int:
    """Checks the version, applies the patches, serves until it is told to stop."""
    parser = argparse.ArgumentParser(
        prog="infra.local_cloud.emulator", description="A local AWS on the loopback address."
    )
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--state", type=Path, required=True, help="folder for temporary files; removed by `make down`")
    parser.add_argument(
        "--without", action="append", default=[], choices=PATCHES, help="leave a patch out, to see the gap"
    )
    parser.add_argument("--ready-descriptor", type=int, help="a file descriptor that gets a byte once it listens")
    options = parser.parse_args(arguments)

    version = importlib.metadata.version("ministack")
    if version != PINNED_VERSION:
        print(
            f"ministack {version} is installed, the patches are for {PINNED_VERSION}: make clean, then again",
            file=sys.stderr,
        )
        return 1
    environment = clean_environment(options.port, options.state.resolve())
    os.environ.clear()
    os.environ.update(environment)
    for folder in ("TMPDIR", "S3_DATA_DIR"):
        Path(environment[folder]).mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = environment["TMPDIR"]
    sys.argv = ["ministack"]

    # Imported only now: it reads the environment when it is imported.
    from ministack import app

    for patch in PATCHES:
        if patch not in options.without:
            importlib.import_module(f"infra.local_cloud.emulator.{patch}").apply()
    for always in ("less_work", "plain_requests", "changes"):
        importlib.import_module(f"infra.local_cloud.emulator.{always}").apply()
    if options.ready_descriptor is not None:
        importlib.import_module("infra.local_cloud.emulator.readiness").apply(options.ready_descriptor)
    app.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
