"""Two hundred clients at once and no server yet: one of them starts it, all are answered by it.

    python -m benchmarks.cold_crowd --clients 200 --times 50

Every time in a home where nothing was ever started. The clients are threads of one program, let go at one
moment; each asks the server for its process id. Exits with 1 when two servers answered or a client failed.
"""

import argparse
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.report import percentile, save
from chatty.protocol.errors import ProtocolError
from tests.client.homes import Home


def crowd(clients: int) -> tuple[set[int], list[float], list[str]]:
    """Let them go; return the servers that answered, how long each client waited, and what failed."""
    gate = threading.Barrier(clients)
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        home = Home(directory)

        def arrive() -> tuple[int | None, float, str]:
            gate.wait()
            began = time.perf_counter()
            try:
                return home.pid(), time.perf_counter() - began, ""
            except (ProtocolError, OSError) as error:
                return None, time.perf_counter() - began, repr(error)

        try:
            with ThreadPoolExecutor(clients) as pool:
                arrivals = [waiting.result() for waiting in [pool.submit(arrive) for _ in range(clients)]]
        finally:
            home.clean_up()
    pids = {pid for pid, _, _ in arrivals if pid is not None}
    return pids, [waited for _, waited, _ in arrivals], [failure for _, _, failure in arrivals if failure]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--times", type=int, default=50)
    options = parser.parse_args()
    crowds = [crowd(options.clients) for _ in range(options.times)]
    waited = [seconds for _, waits, _ in crowds for seconds in waits]
    failures = [failure for _, _, found in crowds for failure in found]
    figures = {
        "clients": options.clients,
        "times": len(crowds),
        "most_servers_at_once": max(len(pids) for pids, _, _ in crowds),
        "failures": len(failures),
        "wait_seconds_p50": percentile(waited, 0.5),
        "wait_seconds_p99": percentile(waited, 0.99),
        "wait_seconds_max": max(waited),
    }
    for name, value in figures.items():
        print(f"{name:22} {value:>8.2f}")
    for failure in failures[:20]:
        print(failure)
    save("cold_crowd", figures)
    return int(bool(failures) or figures["most_servers_at_once"] != 1)


if __name__ == "__main__":
    sys.exit(main())
