"""What a provider is: the values that go in, the events that come out, and the one method that joins them.

Above this line (the run engine) nobody sees a vendor's SDK, an HTTP library or a raw payload.
This module holds no behaviour, opens nothing and knows no vendor; failures are in `errors.py`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import msgspec

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""A value that JSON can carry."""

Role = Literal["system", "user", "assistant"]


class Secret:
    """A provider key that does not show itself: not in `repr`, `str`, f-strings, pickles or tracebacks."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself. Only the code that signs a request calls this."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is never serialised")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that answers requests: a vendor's own address, or a custom one that speaks its protocol."""

    name: str
    """What the user calls it: the part before the first slash of `PROVIDER/MODEL`."""
    kind: str
    """Which adapter speaks to it: `openai` (also every OpenAI-compatible server), `groq` or `guide`."""
    base_url: str | None = None
    """Root of the API, such as `http://127.0.0.1:8080/v1`; None means the vendor's own."""
    api_key: Secret | None = None
    """None sends no credentials: right for local servers, refused by `openai` and `groq` themselves."""
    network: Mapping[str, str] = field(default_factory=dict)
    """The caller's proxy and certificate variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY,
    SSL_CERT_FILE, SSL_CERT_DIR, in either case. The server's own environment is not consulted."""
    key_trouble: str | None = None
    """Why a key may be missing here although one is kept, as words: the keyring is locked, for one."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the context, oldest first."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each silence may last, in seconds. There is no limit on the whole reply here."""

    connect_seconds: float = 10.0
    """Name look-up, TCP, proxy and TLS together."""
    first_token_seconds: float = 120.0
    """From the request being sent to the first piece of text or reasoning."""
    stall_seconds: float = 60.0
    """Between two pieces. A comment that a server sends to keep the line open is not a piece."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One reply asked for."""

    model: str
    """The vendor's own model name, without the provider prefix."""
    messages: Sequence[ChatMessage]
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    """Sampling parameters under the vendor's names, passed on unread; the adapter's own members win."""
    idempotency_key: str = ""
    """The run's id. Every attempt of this request carries the same one."""
    timeouts: Timeouts = Timeouts()


class Started(msgspec.Struct, frozen=True, gc=False):
    """The provider accepted the request and its reply has begun; always the first event, exactly once."""

    request_id: str | None
    """The vendor's id for this request, for support; cleaned of control characters."""
    attempt: int
    """1 unless earlier attempts failed before their first token."""


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """More of the reply's text. Never empty; raw, so sanitise before drawing."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False):
    """More of the model's visible reasoning. Never empty."""

    text: str


class Finished(msgspec.Struct, frozen=True, gc=False):
    """Why generation stopped. Exactly once in a stream that ends without an exception."""

    reason: str
    """`stop`, `length`, `content_filter` or `tool_calls`; other words pass as the vendor wrote them."""


class UsageReport(msgspec.Struct, frozen=True, gc=False):
    """Tokens as the provider reported them, at most once, normally after `Finished`.

    When a stream ends, fails or is cancelled without one, `catalog.estimate_usage` makes a marked estimate.
    """

    input_tokens: int
    """All input, cached included."""
    cached_input_tokens: int
    """The part of the input that was read from the vendor's cache."""
    output_tokens: int
    """All output, reasoning included."""
    reasoning_tokens: int
    """The part of the output that was reasoning."""
    estimated: bool = False
    """True when counted by us and not by the provider."""


ProviderEvent: TypeAlias = Started | TextDelta | ReasoningDelta | Finished | UsageReport


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter can do, as data, so that no caller asks for a vendor by name."""

    needs_key: bool
    """The vendor's own address refuses requests without a key (a custom base URL may not)."""
    takes_base_url: bool
    lists_models: bool
    reports_usage: bool
    reasons: bool
    """Some of its models send their reasoning."""
    is_language_model: bool
    """False for the guide, whose replies are found and not generated."""
    own_address: str | None = None
    """Root of the vendor's own API, which is asked when no base URL is given."""

    def needs_key_at(self, base_url: str | None) -> bool:
        """Tell whether nobody is answered there without a key."""
        own = self.own_address
        is_own = base_url is None or (own is not None and f"{base_url.rstrip('/')}/".startswith(f"{own}/"))
        return self.needs_key and is_own


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model that an endpoint says it serves."""

    id: str
    context_window: int | None = None
    """Tokens; None when neither the endpoint nor the catalogue knows."""


class Provider(Protocol):
    """A translator between a vendor and us."""

    @property
    def capabilities(self) -> Capabilities:
        """What this adapter can do."""

    def stream(
        self, endpoint: Endpoint, request: ChatRequest
    ) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """Ask for one reply and yield its events, one batch for each network read.

        Order: `Started`, deltas as they come, `Finished`, then usually `UsageReport`. Neighbouring
        deltas of one kind that arrive together are joined. Nothing happens before the first `anext`.

        Ends normally, or raises one `ProviderError` after everything that had arrived was yielded.
        `aclose()` or cancellation closes the vendor's connection at once, which stops its billing.
        """

    async def list_models(self, endpoint: Endpoint) -> Sequence[ModelInfo]:
        """Return what the endpoint serves, sorted by id. Raises `ProviderError`."""
