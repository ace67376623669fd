"""The setting `silence`: how long each provider's silence may last before somebody is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

# An alarm's window is as long as the gap. Up to a day it is evaluated each minute, and beyond once
# an hour. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html,
# read 2026-11-27. A period is any multiple of a minute, and of less than an hour it may be
# evaluated over a day at most: description of PutMetricAlarm,
# https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/cloudwatch/aws.sdk.kotlin.services.cloudwatch.model/-put-metric-alarm-request/period.html,
# read 2026-11-28.
GAP_MINUTES_MIN = 5
GAP_MINUTES_MAX = 24 * 60
GAP_MINUTES_STEP = 5
# How thick the band of expected values is. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Anomaly_Detection_Alarm.html,
# read 2026-11-28: a higher value makes a thicker band. These bounds are payhook's own.
BAND_MIN = 1
BAND_MAX = 10
EXAMPLE = 'pulumi config set silence \'{"NAME": {"longest_gap_minutes": 120}, "OTHER": {"band": 3}}\''


@dataclass(frozen=True)
class Silence:
    """The habit of one provider, in exactly one of two forms. Raises ValueError for anything else.

    `longest_gap_minutes`: after so many minutes without a genuine webhook an alarm rings; for
    little traffic. `band`: an alarm rings when fewer come than CloudWatch's model of the past
    expects, within a band of so many standard deviations; for much traffic.
    """

    longest_gap_minutes: int | None = None
    band: int | None = None

    def __post_init__(self) -> None:
        if (self.longest_gap_minutes is None) == (self.band is None):
            raise ValueError("needs exactly one of longest_gap_minutes and band")
        gap, band = self.longest_gap_minutes, self.band
        if gap is not None and not (_between(gap, GAP_MINUTES_MIN, GAP_MINUTES_MAX) and gap % GAP_MINUTES_STEP == 0):
            raise ValueError(
                f"longest_gap_minutes must be a multiple of {GAP_MINUTES_STEP} from {GAP_MINUTES_MIN} to {GAP_MINUTES_MAX}"
            )
        if band is not None and not _between(band, BAND_MIN, BAND_MAX):
            raise ValueError(f"band must be a whole number from {BAND_MIN} to {BAND_MAX}")


def _between(value: object, least: int, most: int) -> bool:
    """Whether it is a whole number within the bounds. JSON's `true` is an `int` in Python and none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def read_silence(given: object) -> dict[str, Silence]:
    """The setting as the configuration has it: an object of providers. None is no provider.

    Raises ValueError that names the provider, and shows how to set it.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ValueError(f"silence must be an object with a name of a provider for each member: {EXAMPLE}")
    return {str(name): _read(str(name), told) for name, told in cast("Mapping[object, object]", given).items()}


def _read(name: str, told: object) -> Silence:
    """One provider's member."""
    members = cast("Mapping[str, object]", told) if isinstance(told, Mapping) else {}
    known = {member: value for member, value in members.items() if member in ("longest_gap_minutes", "band")}
    if not members or len(known) != len(members):
        raise ValueError(
            f"silence of {name} needs exactly one of longest_gap_minutes and band, and nothing else: {EXAMPLE}"
        )
    try:
        return Silence(**cast("dict[str, int]", known))
    except ValueError as error:
        raise ValueError(f"silence of {name}: {error}: {EXAMPLE}") from error
