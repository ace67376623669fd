"""Gap: an asynchronous invocation and its further tries keep the function's settings of the moment
when it was asked for, and the process that is started for one of them keeps those settings for all
that come after it. A function that invokes itself never gets rid of an old time-out.

AWS: invocations run with the settings before an update until it is completed, and with the new ones
from then on; nothing is kept with a waiting event but the version that it is for, and `$LATEST` is
what the function is by now.
Source, read 2026-11-28: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html,
"Function states during updates".
"""

from typing import Any

from ministack.services import lambda_svc

LATEST = "$LATEST"


def apply() -> None:
    """Puts the patch in place."""
    stock = lambda_svc._execute_function

    def execute(func: dict[str, Any], event: Any) -> Any:
        config = func.get("config") or func
        # The stock function comes here again in the account and the region of the function.
        if config.get("Version", LATEST) != LATEST or lambda_svc._function_config_scope_mismatch(config):
            return stock(func, event)
        current = lambda_svc._functions.get(config.get("FunctionName", ""))
        # The function itself, not a copy: a process reads the time-out anew for each invocation.
        if current is None or current["config"].get("FunctionArn") != config.get("FunctionArn"):
            return stock(func, event)
        return stock(current, event)

    lambda_svc._execute_function = execute
