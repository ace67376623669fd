"""Gap: a PartiQL write leaves no record in the table's stream.

AWS: every change of an item is in the stream, however it was made.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb

from infra.local_cloud.emulator.less_work import copied

Write = Callable[..., Any]
NO_SORT_KEY = "__no_sort__"


def _inserted_key(table: dict[str, Any], parsed: dict[str, Any]) -> tuple[Any, Any]:
    item = parsed.get("item") or {}
    if isinstance(item, dict) and set(item) == {"M"}:
        item = item["M"]
    partition = dynamodb._extract_key_val(item.get(table["pk_name"]))
    sort = dynamodb._extract_key_val(item.get(table["sk_name"])) if table["sk_name"] else NO_SORT_KEY
    return partition, sort


def _recorded(write: Write, inserts: bool) -> Write:
    def with_record(table: dict[str, Any], parsed: dict[str, Any], *rest: Any) -> Any:
        if inserts:
            partition, sort = _inserted_key(table, parsed)
        else:
            partition, sort, _, error = dynamodb._partiql_key_target(table, parsed)
            if error:
                return error
        old = copied(table["items"].get(partition, {}).get(sort))
        answer = write(table, parsed, *rest)
        new = table["items"].get(partition, {}).get(sort)
        if answer[0] == 200 and new != old:
            event = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
            dynamodb._emit_stream_event(table["TableName"], event, old, copied(new))
        return answer

    return with_record


def apply() -> None:
    """Puts the patch in place."""
    dynamodb._partiql_insert = _recorded(dynamodb._partiql_insert, inserts=True)
    dynamodb._partiql_update = _recorded(dynamodb._partiql_update, inserts=False)
    dynamodb._partiql_delete = _recorded(dynamodb._partiql_delete, inserts=False)
