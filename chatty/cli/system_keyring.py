"""The keyring of this system: which one it is, and whether it can keep a key. It keeps nothing itself."""

import threading

KEYRING_SECONDS = 5.0
"""A locked keyring may wait for a password dialogue that nobody sees."""
_ABSENT = ("fail.", "null.")
_UNENCRYPTED = "keyrings.alt."


def backend_name() -> str | Exception | None:
    """Return the backend's name, or how it fails; asked in a thread, because a backend may hang.

    ``None`` when there was no answer in time.
    """
    found: list[str | Exception] = []

    def look() -> None:
        try:
            # keyring: 60 ms and the desktop's services.
            import keyring as keyring_library

            backend = type(keyring_library.get_keyring())
            found.append(f"{backend.__module__}.{backend.__qualname__}".removeprefix("keyring.backends."))
        except Exception as error:  # whatever a backend raises is its finding
            found.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(KEYRING_SECONDS)
    return found[0] if found else None


def is_absent(name: str) -> bool:
    """Tell whether the backend of that name stands for there being none."""
    return name.startswith(_ABSENT)


def is_unencrypted(name: str) -> bool:
    """Tell whether the backend of that name hides nothing; the server keeps no key there."""
    return name.startswith(_UNENCRYPTED)


def can_keep_keys() -> bool:
    """Tell whether a key can go there; one that does not answer yet may only be locked."""
    name = backend_name()
    if name is None:
        return True
    return isinstance(name, str) and not is_absent(name) and not is_unencrypted(name)
