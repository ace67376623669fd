"""What `pulumi up` runs, as a function, so that the graph and the local cloud evaluate the very same program."""

import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws

# The components import each other as `lib.…`, the way the Pulumi CLI runs them: with this folder as the working directory.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib.role_boundary import bounded_roles
from lib.settings import Settings
from lib.silence import read_silence
from lib.tap_stack import TapStack
from lib.zips import default_zip_dir


def names(text: str | None) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def run() -> None:
    """Reads the configuration, makes the stack, exports its outputs."""
    config = pulumi.Config()
    minutes = config.get_int("quiet_minutes")
    settings = Settings(
        environment_suffix=config.require("environment_suffix"),
        account_id=config.get("account_id") or aws.get_caller_identity().account_id,
        region=pulumi.Config("aws").require("region"),
        cost_center=config.get("cost_center") or "payments",
        providers=names(config.get("providers")),
        gap_check=names(config.get("gap_check")),
        capacity=config.get("capacity") or Settings.capacity,
        alarm_email=config.get("alarm_email"),
        quiet_minutes=Settings.quiet_minutes if minutes is None else minutes,
        silence=read_silence(config.get_object("silence")),
        lambda_zip_dir=config.get("lambda_zip_dir") or default_zip_dir(),
        firewall=config.get_bool("firewall", Settings.firewall) is True,
        edge=config.get_bool("edge", Settings.edge) is True,
        edge_domain=config.get("edge_domain"),
        edge_certificate_arn=config.get("edge_certificate_arn"),
        edge_secret_generation=config.get_int("edge_secret_generation") or Settings.edge_secret_generation,
        access_record=config.get_bool("access_record", Settings.access_record) is True,
        object_lock_days=config.get_int("object_lock_days"),
        object_lock_mode=config.get("object_lock_mode") or Settings.object_lock_mode,
    )
    boundary = config.get("permissions_boundary")
    options = bounded_roles(settings, boundary) if boundary else None
    for name, value in TapStack("payhook", settings, options).outputs.items():
        pulumi.export(name, value)
