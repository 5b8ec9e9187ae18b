"""Where provider keys are found and kept. Keys belong to people, not to the daemon.

For each request the order is: what the caller's own shell knows (it lives in the connection only),
the system keyring, a labelled file that only its owner can read. The server's own environment is
never consulted: it belongs to whichever shell happened to start it.
"""

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, TypeVar

from chatty.protocol.errors import ProtocolError
from chatty.protocol.lifecycle import ProviderCredentials
from chatty.providers.base import Secret
from chatty.server.system_keyring import SystemKeyring

logger = logging.getLogger(__name__)

T = TypeVar("T")

SERVICE: Final = "chatty"
"""Under which name keys stand in the system keyring."""
LABEL: Final = (
    "Provider keys of chatty, in plain text. Only you can read this file. "
    "To remove one: chatty providers remove NAME"
)

KeySource = Literal["environment", "keyring", "file", "missing"]


class Vault:
    """Finds, keeps and forgets the keys of one user.

    Args:
        file: the labelled file; made only after the user said yes to it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keyring = SystemKeyring()
        self._known: dict[str, tuple[Secret | None, KeySource]] = {}
        """What was found for a provider, or that nothing was."""
        self.keyring_trouble: str | None = None
        """Why the keyring gave no answer when it was asked last, as words; it may give one later."""
        self._changes = 0
        self._told: set[str] = set()
        """What was said about the keyring; every look-up would say it again."""

    async def find(
        self, provider: str, credentials: ProviderCredentials | None
    ) -> tuple[Secret | None, KeySource]:
        """Return the key for a provider and where it came from; `(None, "missing")` when there is none."""
        if credentials is not None:
            own = credentials.providers.get(provider)
            if own is not None and own.api_key:
                return Secret(own.api_key), "environment"
        while (known := self._known.get(provider)) is None:
            changes = self._changes
            found, trouble = await self._look(provider)
            if trouble is not None:
                return found  # it is asked again: a keyring that is locked now may be unlocked later
            if changes == self._changes:  # else a key was kept or forgotten while the keyring was thinking
                self._known[provider] = found
        return known

    async def _look(self, provider: str) -> tuple[tuple[Secret | None, KeySource], str | None]:
        """Return what is found now, and why the keyring could not be asked if it could not."""
        key, trouble = await self._from_keyring(provider)
        if key is not None:
            return (Secret(key), "keyring"), None
        if (key := self._read_file().get(provider)) is not None:
            return (Secret(key), "file"), trouble
        return (None, "missing"), trouble

    async def keep(self, provider: str, key: str, where: Literal["keyring", "file"]) -> None:
        """Keep a key; it is read back before this returns.

        Raises:
            ProtocolError: `storage/keyring_unavailable`: there is no keyring that keeps things;
                `storage/keys_file`: the file is there and cannot be used as it is.
        """
        if where == "file":
            self._refuse_to_overwrite()
            self._write_file({**self._read_file(), provider: key})
            self._forget_cached(provider)
            return
        was_kept, trouble = await self._into_keyring(provider, key)
        self._forget_cached(provider)
        if not was_kept:
            raise ProtocolError(
                "storage/keyring_unavailable",
                f"{trouble or 'this system has no keyring that keeps secrets'}; the key was not stored. "
                f"{'Unlock it and try again, export the key' if trouble else 'Export it'} in your shell, "
                "or agree to a file only you can read",
                details={"provider": provider, **({"trouble": trouble} if trouble else {})},
            )

    async def forget(self, provider: str) -> bool:
        """Remove a provider's key everywhere it was kept; tell whether there was one.

        Raises:
            ProtocolError: `storage/keyring_locked`: there may be one in a keyring that does not
                answer; nothing was removed.
        """
        was_in_keyring, trouble = await self._out_of_keyring(provider)
        if trouble is not None:
            raise ProtocolError(
                "storage/keyring_locked",
                f"{trouble}, and may hold a key of {provider}; nothing was changed. Unlock it and try again",
                details={"provider": provider},
            )
        kept = dict(self._read_file())
        was_in_file = kept.pop(provider, None) is not None
        if was_in_file:
            self._write_file(kept)
        self._forget_cached(provider)
        return was_in_keyring or was_in_file

    def _forget_cached(self, provider: str) -> None:
        self._changes += 1
        self._known.pop(provider, None)

    # The system keyring

    async def _from_keyring(self, provider: str) -> tuple[str | None, str | None]:
        def look() -> str | None:
            import keyring

            return keyring.get_password(SERVICE, provider)

        return await self._ask_keyring(look, None)

    async def _into_keyring(self, provider: str, key: str) -> tuple[bool, str | None]:
        def put() -> bool:
            import keyring

            if _is_plain_text(type(keyring.get_keyring()).__module__):
                return False
            keyring.set_password(SERVICE, provider, key)
            return keyring.get_password(SERVICE, provider) == key

        return await self._ask_keyring(put, False)

    async def _out_of_keyring(self, provider: str) -> tuple[bool, str | None]:
        def remove() -> bool:
            import keyring

            if keyring.get_password(SERVICE, provider) is None:
                return False
            keyring.delete_password(SERVICE, provider)
            return True

        return await self._ask_keyring(remove, False)

    async def _ask_keyring(self, ask: Callable[[], T], otherwise: T) -> tuple[T, str | None]:
        """Return what the keyring answers, or a stand-in and why it may answer another time."""
        trouble: str | None
        try:
            answer = await self._keyring.ask(ask)
        except TimeoutError:
            trouble = "the keyring does not answer"
            self._tell_once(logging.WARNING, trouble)
        except Exception as error:  # backends raise whatever they like
            self._tell_once(logging.INFO, f"the keyring cannot be used: {type(error).__name__}")
            trouble = _trouble(error)
        else:
            self.keyring_trouble = None
            return answer, None
        self.keyring_trouble = trouble
        return otherwise, trouble

    def _tell_once(self, level: int, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            logger.log(level, "%s; going on without it", what)

    # The labelled file

    def _read_file(self) -> Mapping[str, str]:
        try:
            if self._file.stat().st_mode & 0o077:
                logger.warning("%s can be read by others; it is not used until `chmod 600`", self._file)
                return {}
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        keys = content.get("keys", {}) if isinstance(content, dict) else {}
        return {name: key for name, key in keys.items() if isinstance(key, str)}

    def _refuse_to_overwrite(self) -> None:
        """Refuse to write over a file whose keys could not be read: they would be lost."""
        try:
            is_usable = not self._file.stat().st_mode & 0o077
            is_usable = is_usable and isinstance(json.loads(self._file.read_text(encoding="utf-8")), dict)
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            is_usable = False
        if not is_usable:
            raise ProtocolError(
                "storage/keys_file",
                f"{self._file} is damaged, or can be read by others; nothing was changed. "
                "Make it yours again with chmod 600, or move it away",
                details={"path": str(self._file)},
            )

    def _write_file(self, keys: Mapping[str, str]) -> None:
        if not keys:
            self._file.unlink(missing_ok=True)
            return
        handle, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=".keys-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({"_": LABEL, "keys": dict(keys)}, stream, indent=2)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self._file)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def _trouble(error: Exception) -> str | None:
    """Return why a keyring that is there cannot be used just now; none is not there at all."""
    from keyring.errors import KeyringLocked, NoKeyringError

    if isinstance(error, NoKeyringError):
        return None
    return "the keyring is locked" if isinstance(error, KeyringLocked) else "the keyring does not work"


def _is_plain_text(backend_module: str) -> bool:
    """Tell whether a keyring backend only pretends: `null` keeps nothing, `keyrings.alt` hides nothing."""
    return backend_module.startswith(("keyrings.alt", "keyring.backends.null", "keyring.backends.fail"))
