"""What a server is told when it starts. Everything is decided by whoever starts it; nothing is looked up."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where a local server keeps things and how long it stays."""

    data_dir: Path
    """Holds the database, the lock and the labelled key file."""
    run_dir: Path
    """Holds the socket; only its owner may enter."""
    idle_seconds: float = 1800.0
    """Leave after this long without connections and runs; 0: never."""
    drain_seconds: float = 30.0
    """How long runs may go on after a request to stop, before they are interrupted."""

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.data_dir / "chatty.db"

    @property
    def lock_path(self) -> Path:
        """The file whose lock says that a server of this data directory lives."""
        return self.data_dir / "server.lock"

    @property
    def keys_file(self) -> Path:
        """Provider keys that their owner agreed to keep in a plain file."""
        return self.data_dir / "provider-keys.json"

    @property
    def socket_path(self) -> Path:
        """Where clients connect."""
        return self.run_dir / "s.sock"
