"""`python -m chatty.server`: how clients start the bundled server. People use `chatty server start`."""

import argparse
import asyncio
import gc
import logging
import logging.handlers
import os
import resource
import sys
from collections.abc import Coroutine
from pathlib import Path

from chatty.server.settings import ServerSettings

LOG_BYTES = 1 << 20
LOG_FILES = 3
SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the interpreter to itself. A commit's thread waits for the loop's turn to
end and the other way round: the default of 5 ms would stand between a message and its first word."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return its exit code: 0 also when another one serves already."""
    options = _parse(arguments)
    # The imports below cost most of the start, so the arguments are checked first.
    from chatty.server import local

    readiness = local.Readiness(options.ready_fd)
    settings = ServerSettings(
        data_dir=options.data_dir,
        run_dir=options.run_dir,
        idle_seconds=options.idle_seconds,
        drain_seconds=options.drain_seconds,
    )
    try:
        _set_up_logging(options.log_file)
        _run(local.run(settings, readiness))
    except local.AlreadyRunning:
        readiness.tell(ready=False, reason="locked")
    except Exception as error:
        logging.getLogger("chatty.server").exception("the server could not serve")
        told = local.failure(error)
        readiness.tell(ready=False, reason=told.type, message=told.message, **told.details)
        return 1
    return 0


def _run(serving: Coroutine[object, object, None]) -> None:
    import uvloop

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # people's keys are in this memory: no dump of it
    gc.freeze()  # what was imported lives as long as the process: the collector need not look at it
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chatty.server", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--run-dir", type=Path, required=True)
    parser.add_argument("--log-file", type=Path)
    parser.add_argument("--ready-fd", type=int, help="pipe to tell when the server accepts connections")
    parser.add_argument("--idle-seconds", type=float, default=1800.0, help="0: never leave")
    parser.add_argument("--drain-seconds", type=float, default=30.0)
    return parser.parse_args(arguments)


def _set_up_logging(path: Path | None) -> None:
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        os.chmod(path, 0o600)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    level = os.environ.get("CHATTY_LOG", "info").upper()
    logging.basicConfig(
        handlers=[handler], level=level if level in logging.getLevelNamesMapping() else "INFO"
    )
    for noisy in ("uvicorn.error", "httpx", "httpcore", "openai", "groq"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
