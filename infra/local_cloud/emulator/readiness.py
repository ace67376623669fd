"""Tells whoever started the emulator that it listens: a byte is written to a file descriptor."""

import asyncio
import os
import signal
from typing import Any

import hypercorn.asyncio


def apply(descriptor: int) -> None:
    """The server writes a byte to `descriptor` and closes it once it listens."""
    stock = hypercorn.asyncio.serve

    async def serve(application: Any, config: Any) -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, ended.set)

        async def until_it_ends() -> None:
            # The server waits for this from when its sockets listen.
            os.write(descriptor, b"\n")
            os.close(descriptor)
            await ended.wait()

        await stock(application, config, shutdown_trigger=until_it_ends)

    hypercorn.asyncio.serve = serve
