"""Links in foreign text: where they really lead, and the only function that opens one.

Nothing here is called by rendering itself: a link is opened by the user's key, an image never.
"""

from urllib.parse import SplitResult, urlsplit

from chatty.rendering.errors import LinkRefused
from chatty.rendering.sanitizer import sanitize

SCHEMES = frozenset({"http", "https", "mailto"})
"""The only kinds of link that are ever opened."""

_SHOWN_TARGET = 60


def is_openable(href: str) -> bool:
    """Tell whether the link is of an allowed kind, has a target and no character to hide behind."""
    parts = _split(href)
    if parts is None or parts.scheme not in SCHEMES or sanitize(href, multiline=False) != href:
        return False
    if any(character.isspace() for character in href):
        return False
    return bool(_host(parts))


def true_host(href: str) -> str:
    """Return where the link leads, fit to be shown: its host, in ASCII form, or what else it is.

    For mail it is the domain of the address. Names and passwords before an ``@`` are left out: they
    are what a deceptive link hides its host behind. A link without a host is shown itself, cut.
    """
    parts = _split(href)
    host = _host(parts) if parts is not None else ""
    if host and parts is not None and parts.scheme in SCHEMES:
        return sanitize(host, multiline=False)
    shown = sanitize(href, multiline=False)
    return shown if len(shown) <= _SHOWN_TARGET else shown[: _SHOWN_TARGET - 1] + "…"


def link_suffix(text: str, href: str) -> str:
    """Return what must follow the visible text of a link: `` (host)``, or nothing."""
    host = true_host(href)
    return "" if _says_itself(text, href, host) else f" ({host})"


def open_url(href: str) -> bool:
    """Open the link in the user's browser or mail program: on the user's key only, never by itself.

    Returns whether a program took it. May wait seconds for that program to start.

    Raises:
        LinkRefused: the scheme is not in ``SCHEMES``, or the link is not well formed.
    """
    if not is_openable(href):
        parts = _split(href)
        raise LinkRefused(sanitize(parts.scheme, multiline=False)[:20] if parts else "")
    import webbrowser  # 8 ms, needed at the first opened link only

    try:
        return webbrowser.open(href)
    except (OSError, webbrowser.Error):
        return False


def _says_itself(text: str, href: str, host: str) -> bool:
    """Tell whether the visible text is the address, with or without its scheme and last slash.

    It is not if it spells the host in other letters, or puts a name before it.
    """
    visible, target = text.strip().rstrip("/"), href.rstrip("/")
    spellings = {target, target.partition("://")[2] or target, target.removeprefix("mailto:")}
    has_name_before_host = "@" in target and not target.startswith("mailto:")
    return visible in spellings and host in visible.lower() and not has_name_before_host


def _split(href: str) -> SplitResult | None:
    """The parts of the link, or None when browsers would take it apart in another way, or not at all."""
    if "\\" in href:  # a slash to browsers (WHATWG URL, 4.4): what stands behind it is no host to them
        return None
    try:
        return urlsplit(href)
    except ValueError:  # brackets that are no IPv6 address
        return None


def _host(parts: SplitResult) -> str:
    if parts.scheme == "mailto":
        return parts.path.rpartition("@")[2]
    try:
        host = parts.hostname or ""
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return ""
