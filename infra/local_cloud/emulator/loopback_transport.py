"""Gap: the emulator speaks plain HTTP only, so the stack's TLS-only policies would refuse every call to its queues, topic and bucket.

AWS: endpoints are reached over TLS. Here the loopback address stands in for it: nothing leaves the machine.
"""

from ministack import app
from ministack.core import iam_evaluator


def apply() -> None:
    """Puts the patch in place."""

    def pin(source_ip: str, _secure_transport: bool) -> None:
        iam_evaluator.pin_request_origin(source_ip, secure_transport=True)

    app.pin_request_origin = pin
