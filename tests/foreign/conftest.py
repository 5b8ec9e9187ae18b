"""A server that speaks OpenAI's protocol and was written by others: LiteLLM's proxy, in a venv of its own.

It is no part of the test extra, being larger than everything else together. `.ci/foreign-server` makes the
venv; ``CHATTY_FOREIGN_SERVER`` says where it is; without that these tests are skipped.
"""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

KEY = "sk-foreign-0123456789"
ANSWER = "One commit: it changes a file. naïve 日本 😀 and that is all."
START_SECONDS = 90.0

_CONFIG = {
    "model_list": [
        {
            "model_name": "parrot",
            "litellm_params": {"model": "openai/parrot", "api_key": "unused", "mock_response": ANSWER},
        },
        {
            "model_name": "busy",
            "litellm_params": {
                "model": "openai/busy",
                "api_key": "unused",
                "mock_response": "litellm.RateLimitError",
            },
        },
        {
            "model_name": "nobody-home",
            "litellm_params": {
                "model": "openai/gone",
                "api_key": "unused",
                "api_base": "http://127.0.0.1:1/v1",
                "max_retries": 0,
            },
        },
    ],
    "router_settings": {"num_retries": 0},
    "general_settings": {"master_key": KEY},
}


@dataclass(frozen=True, slots=True)
class ForeignServer:
    """Where it is and who may ask it."""

    url: str
    key: str


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignServer]:
    """The running server."""
    venv = os.environ.get("CHATTY_FOREIGN_SERVER")
    if not venv:
        pytest.skip("CHATTY_FOREIGN_SERVER names no venv; .ci/foreign-server makes one")
    folder = tmp_path_factory.mktemp("foreign")
    config = folder / "config.yaml"
    config.write_text(json.dumps(_CONFIG, ensure_ascii=False))  # JSON is YAML, save for its escapes
    port = _free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                Path(venv, "bin", "litellm").absolute(),
                "--config",
                config,
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
            ],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        _wait_until_alive(process, f"http://127.0.0.1:{port}/health/liveliness", folder / "log")
        yield ForeignServer(f"http://127.0.0.1:{port}/v1", KEY)
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_alive(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise AssertionError(f"it did not come up:\n{log.read_text(errors='replace')[-2000:]}")
