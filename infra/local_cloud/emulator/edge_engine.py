"""Gap: each viewer request that comes while another one is at the edge function starts a Node process
of its own, and two threads hand it over and wait for it. The configuration of the distribution is
parsed from XML for each request as well. Under load that is most of the work.

AWS: CloudFront Functions start in less than a millisecond and scale "immediately to handle millions
of requests per second".
Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions.html, read
2026-11-28. Here one Node process takes the requests one after the other, without a thread: many are
under way in its pipes. A function that does not end in time costs its own request alone.
"""

import asyncio
import collections
import functools
import json
from typing import Any, TypeVar

from ministack.core import cloudfront_js
from ministack.services import cloudfront

# The emulator's own program for the Node process, without its last part, which answers in the order
# in which functions end and so wants one request at a time.
READS_LINES = "const rl = "
ANSWERS_IN_ORDER = r"""
_stdoutWrite("\n");
const codes = [];
let before = Promise.resolve();
const rl = readline.createInterface({ input: process.stdin });
rl.on("line", (line) => {
  before = before.then(async () => {
    const [number, code, event] = JSON.parse(line);
    if (code !== null) codes[number] = code;
    let out;
    try {
      out = await run({ code: codes[number], event });
    } catch (e) {
      out = { status: "error", message: String((e && e.stack) || e) };
    }
    _stdoutWrite(JSON.stringify(out) + "\n");
  });
});
"""
SCRIPT = cloudfront_js._WORKER_SCRIPT.partition(READS_LINES)[0] + ANSWERS_IN_ORDER
COMMAND = ("node", f"--max-old-space-size={cloudfront_js._MAX_OLD_SPACE_MB}", "-e", SCRIPT)
# A program that has started says so by an empty line. How long that takes says nothing of a function.
START_SECONDS = 30.0
# An event has the headers and the query string of a request.
LINE_BYTES_MAX = 2**20
DISTRIBUTIONS_KEPT = 16

Pipe = TypeVar("Pipe", asyncio.StreamReader, asyncio.StreamWriter)
Call = tuple[bytes, dict[str, Any], asyncio.Future[Any]]


class Engine:
    """One Node process that runs functions for viewer requests, in the order in which they came.

    It belongs to the event loop that calls it first.
    """

    def __init__(self, seconds: float = cloudfront_js._EVAL_TIMEOUT) -> None:
        """`seconds` is how long one function may run."""
        self._seconds = seconds
        self._calls: collections.deque[Call] = collections.deque()
        self._serving: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        # The functions' code that the process knows, with its number there.
        self._known: dict[bytes, int] = {}

    async def run(self, code: bytes, event: dict[str, Any]) -> Any:
        """Returns what the function returns for the event. Raises CloudFrontFunctionError where it
        throws, does not end in time, or cannot be run.
        """
        call = (code, event, asyncio.get_running_loop().create_future())
        self._calls.append(call)
        if self._process is not None and self._process.returncode is not None:
            self._process = None
        if self._process is not None:
            self._write(self._process, call)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        answer = await call[2]
        if answer["status"] == "error":
            raise cloudfront_js.CloudFrontFunctionError(answer["message"])
        return answer["value"]

    async def _serve(self) -> None:
        """Answers calls until none is left."""
        while self._calls:
            answer = await self._next_answer()
            _, _, future = self._calls.popleft()
            # Whoever asked may have gone.
            if not future.done():
                future.set_result(answer)

    async def _next_answer(self) -> dict[str, Any]:
        """The answer to the first call. Without one the process ends, and the other calls go to the
        next process.
        """
        try:
            process = self._process or await self._start()
            async with asyncio.timeout(self._seconds):
                line = await _pipe(process.stdout).readline()
            if line:
                return json.loads(line)
            problem = "the process of the function ended"
        except TimeoutError:
            problem = f"the function did not end within {self._seconds:g} s"
        except (OSError, ValueError) as error:
            problem = f"the function cannot be run in Node: {error}"
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        self._process = None
        return {"status": "error", "message": problem}

    async def _start(self) -> asyncio.subprocess.Process:
        """Starts a process, and hands it every call that waits."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_BYTES_MAX,
        )
        async with asyncio.timeout(START_SECONDS):
            await _pipe(process.stdout).readline()
        self._process, self._known = process, {}
        for call in self._calls:
            self._write(process, call)
        return process

    def _write(self, process: asyncio.subprocess.Process, call: Call) -> None:
        code, event, _ = call
        new = code not in self._known
        number = self._known.setdefault(code, len(self._known))
        line = json.dumps([number, code.decode() if new else None, event])
        _pipe(process.stdin).write(line.encode() + b"\n")


def _pipe(pipe: Pipe | None) -> Pipe:
    """A pipe that the process was started with. Raises OSError where it has none."""
    if pipe is None:
        raise OSError("the process has no pipe")
    return pipe


def apply() -> None:
    """Puts the patch in place."""
    engine, parse = Engine(), cloudfront.parse_distribution_dataplane_config

    @functools.lru_cache(maxsize=DISTRIBUTIONS_KEPT)
    def parsed(text: bytes | str | None) -> dict[str, Any]:
        return parse({"config_xml": text})

    async def run_function(function_arn: str, event: dict[str, Any]) -> Any:
        code = cloudfront.live_function_code(function_arn)
        if code is None:
            raise cloudfront.CloudFrontFunctionError(f"{function_arn} has no published (LIVE) code")
        try:
            return await engine.run(code, event)
        except cloudfront_js.CloudFrontFunctionError as error:
            raise cloudfront.CloudFrontFunctionError(str(error)) from error

    cloudfront._run_function = run_function
    cloudfront.parse_distribution_dataplane_config = lambda distribution: parsed(distribution.get("config_xml"))
