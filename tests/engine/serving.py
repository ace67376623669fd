"""How a plugin serves: on a free port of the loopback address, whose number it prints first."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

LOOPBACK = "127.0.0.1"
THREADS = 16
LOOK_SECONDS = 2.0
# A stack is analyzed in one message.
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def server() -> tuple[grpc.Server, int]:
    """A server that has no service yet, and its port."""
    made = grpc.server(ThreadPoolExecutor(THREADS), options=OPTIONS)
    return made, made.add_insecure_port(f"{LOOPBACK}:0")


def serve(made: grpc.Server, port: int) -> None:
    """Serves until the engine ends the process, or has ended itself."""
    engine = os.getppid()
    made.start()
    print(port)
    sys.stdout.flush()
    while made.wait_for_termination(LOOK_SECONDS) and os.getppid() == engine:
        pass
