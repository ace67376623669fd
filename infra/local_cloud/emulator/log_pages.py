"""Gap: FilterLogEvents gives the first ten thousand events of a group and no token for the others.

AWS: a page is a mebibyte or ten thousand events at the most; `nextToken` gets the next one, and
there is none after the last.
Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html,
read 2026-11-27.
"""

import json
from typing import Any

from ministack.services import cloudwatch_logs

PAGE_EVENTS = 10_000


def apply() -> None:
    """Puts the patch in place."""
    filter_events = cloudwatch_logs._filter_log_events

    def page(data: dict[str, Any]) -> Any:
        # A token is the time from which to go on, and how many events of that time were given.
        start, given = map(int, data["nextToken"].split("/")) if data.get("nextToken") else (None, 0)
        limit = min(int(data.get("limit", PAGE_EVENTS)), PAGE_EVENTS)
        asked = {**data, "limit": PAGE_EVENTS} | ({} if start is None else {"startTime": start})
        answer = filter_events(asked)
        status, headers, body = answer
        if status != 200:
            return answer
        found = json.loads(body)
        events = found["events"][given : given + limit]
        if len(found["events"]) == PAGE_EVENTS or len(found["events"]) > given + limit:
            last = events[-1]["timestamp"]
            same = sum(event["timestamp"] == last for event in found["events"][: given + limit])
            found["nextToken"] = f"{last}/{same}"
        return status, headers, json.dumps({**found, "events": events}).encode()

    cloudwatch_logs._filter_log_events = page
