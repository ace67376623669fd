"""Runs a handler as Lambda's own runtime for Python does: asks the Runtime API for an event, answers, asks again.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, read 2026-11-26.
"""

import http.client
import json
import os
from collections.abc import Callable
from typing import Any

PREFIX = "/2018-06-01/runtime"


def run(handler: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Hands every event to the handler, without end. An exception of it is the invocation's error."""
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        connection.request("GET", f"{PREFIX}/invocation/next")
        asked = connection.getresponse()
        event = json.loads(asked.read())
        request_id = asked.headers["lambda-runtime-aws-request-id"]
        try:
            answer, outcome = handler(event), "response"
        except Exception as error:
            answer, outcome = {"errorMessage": str(error), "errorType": type(error).__name__}, "error"
        connection.request("POST", f"{PREFIX}/invocation/{request_id}/{outcome}", body=json.dumps(answer))
        connection.getresponse().read()
