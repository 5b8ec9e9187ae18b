"""From what went wrong with a vendor to one `ProviderError`: the type, and the sentence for a person.

Pure. It knows statuses, error codes and the words vendors use; it does not know the SDKs' exceptions, which
`_sdk_provider.py` takes apart. Every sentence says what happened, what is safe and what to do next.

Source of codes: platform.openai.com/docs/guides/error-codes, console.groq.com/docs/errors (November 2026).
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from chatty.providers._openai_wire import ErrorObject, Failure
from chatty.providers.base import ChatRequest, Endpoint
from chatty.providers.errors import RETRYABLE_TYPES, ErrorType, ProviderError
from chatty.providers.redaction import one_line, redacted

_BY_CODE: Final[Mapping[str, ErrorType]] = {
    "invalid_api_key": "provider/auth",
    "account_deactivated": "provider/auth",
    "authentication_error": "provider/auth",
    "permission_error": "provider/auth",
    "no_db_connection": "provider/auth",  # LiteLLM's proxy without a database, for any key but its own
    "context_length_exceeded": "provider/context_length",
    "string_above_max_length": "provider/context_length",
    "content_filter": "provider/content_filter",
    "content_policy_violation": "provider/content_filter",
    "model_not_found": "provider/model_unknown",
    "model_decommissioned": "provider/model_unknown",
    "model_not_active": "provider/model_unknown",
    "rate_limit_exceeded": "provider/rate_limited",
    "rate_limit_error": "provider/rate_limited",
    "insufficient_quota": "provider/rate_limited",
    "billing_hard_limit_reached": "provider/rate_limited",
    "server_error": "provider/overloaded",
    "internal_server_error": "provider/overloaded",
    "overloaded_error": "provider/overloaded",
    "service_unavailable": "provider/overloaded",
    "capacity_exceeded": "provider/overloaded",
    "invalid_request_error": "provider/bad_request",
}

KEY_VARIABLES: Final[Mapping[str, str]] = {"openai": "OPENAI_API_KEY", "groq": "GROQ_API_KEY"}
"""Provider -> the variable that a caller's own key comes in."""

_SPENT: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached"})

_BY_STATUS: Final[Mapping[int, ErrorType]] = {
    401: "provider/auth",
    402: "provider/rate_limited",
    403: "provider/auth",
    408: "provider/timeout",
    409: "provider/overloaded",
    413: "provider/context_length",
    429: "provider/rate_limited",
    498: "provider/overloaded",
}

_MEANS_CONTEXT = re.compile(
    r"(?i)context (?:length|window|size)|maximum context|too many tokens|prompt is too long"
)
_MEANS_MODEL = re.compile(
    r"(?i)\bmodel\b.{0,120}(?:not (?:exist|found)|does not exist|unknown|no longer)"
    r"|no such model|invalid model(?: name)?\b"
)

_MEANS_OVERLOADED = re.compile(
    r"(?i)over (?:its )?capacity|overloaded|temporarily unavailable|try again later"
)

_MEANS_RATE = re.compile(r"(?i)rate[ -]limit|too many requests")

_KEPT: Final = "Your message is kept."
_PARTLY_KEPT: Final = "The text so far is kept."


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the sentences need to know, and what they must not repeat."""

    endpoint: Endpoint
    request: ChatRequest | None = None
    """None when no reply was asked for, as in a list of models."""
    address: str = ""
    """The base URL in use, named by the endpoint or the vendor's own."""
    has_content: bool = False
    """Part of the reply is already with the reader."""
    request_id: str | None = None

    def quote(self, text: str) -> str:
        """Return the vendor's words, fit to show, as a clause; empty when there are none."""
        key = self.endpoint.api_key
        prompts: Sequence[str] = [message.text for message in self.request.messages] if self.request else []
        words = redacted(text, secrets=[key.reveal()] if key else [], prompts=prompts).rstrip(". ")
        return f' It said: "{words}".' if words else ""

    @property
    def has_key(self) -> bool:
        """Whether a key is sent along; sentences must not blame one that nobody gave."""
        return self.endpoint.api_key is not None

    def error(
        self,
        type: ErrorType,
        happened: str,
        advice: str,
        *,
        words: str = "",
        retryable: bool | None = None,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> ProviderError:
        """Return the error: what happened, the vendor's words, what is safe, what to do."""
        safe = "" if self.request is None else f" {_PARTLY_KEPT if self.has_content else _KEPT}"
        name = one_line(self.endpoint.name, 60)
        return ProviderError(
            f"{name} {happened}.{self.quote(words)}{safe} {advice}",
            type=type,
            provider=self.endpoint.name,
            retryable=retryable,
            retry_after_seconds=retry_after_seconds,
            http_status=status,
            request_id=self.request_id,
        )


def refused(
    around: Circumstances, status: int, error: ErrorObject, *, retry_after_seconds: float | None = None
) -> ProviderError:
    """Return the error for an HTTP status that is not a reply."""
    type = _classify(status, error)
    is_spent = status == 402 or error.code in _SPENT or error.type in _SPENT
    happened, advice = _sentences(around, type, f" ({status})", is_spent, retry_after_seconds)
    return around.error(
        type,
        happened,
        advice,
        words=error.message,
        retryable=type in RETRYABLE_TYPES and not is_spent and status != 413,
        status=status,
        retry_after_seconds=retry_after_seconds,
    )


def reported(around: Circumstances, error: ErrorObject) -> ProviderError:
    """Return the error for a failure that the vendor put into an answer of status 200.

    Several vendors put the status there that they could no longer send.
    """
    status = int(error.code) if re.fullmatch(r"[45]\d\d", error.code) else None
    type = _classify(status, error)
    is_spent = status == 402 or error.code in _SPENT or error.type in _SPENT
    happened, advice = _sentences(around, type, f" ({status})" if status else "", is_spent, None)
    return around.error(
        type,
        happened,
        advice,
        words=error.message,
        retryable=type in RETRYABLE_TYPES and not is_spent and status != 413,
        status=status,
    )


def broken(around: Circumstances, failure: Failure) -> ProviderError:
    """Return the error for a reply that began and cannot be read to its end."""
    if failure.kind == "reported":
        return reported(around, failure.error)
    reason = {
        "cut": "ended the reply before it was finished",
        "not_json": "sent something that is not JSON in the middle of the reply",
        "no_stream": "answered with one JSON value instead of a stream",
        "too_long": "sent a single piece of more than 8 MiB",
    }[failure.kind]
    return stream_broken(around, reason, retryable=failure.kind == "cut")


def stream_broken(around: Circumstances, happened: str, *, retryable: bool) -> ProviderError:
    """Return the error for an answer that is not what the protocol promises."""
    advice = "Continue or ask again." if around.has_content else "Try again; if it stays, check the base URL."
    return around.error("provider/stream_broken", happened, advice, retryable=retryable)


def timed_out(around: Circumstances, seconds: float) -> ProviderError:
    """Return the error for a silence that was longer than allowed."""
    advice = "Continue or ask again." if around.has_content else "Try again, or use another model."
    return around.error("provider/timeout", f"sent nothing for {seconds:g} s", advice)


def unreachable(around: Circumstances, reason: str, *, retryable: bool = True) -> ProviderError:
    """Return the error for a connection that could not be made."""
    happened = f"cannot be reached: {one_line(reason, 160).rstrip('.')}"
    if around.address:
        key = around.endpoint.api_key
        shown = redacted(around.address.partition("?")[0], secrets=[key.reveal()] if key else [])
        happened += f" (at {shown})"
    advice = "Check the network, the proxy variables and the base URL."
    return around.error("provider/unreachable", happened, advice, retryable=retryable)


def unsendable(around: Circumstances) -> ProviderError:
    """Return the error for a request that is not JSON: a number without value, half a character."""
    happened = "was not asked: the message or an option cannot be written as JSON"
    return around.error("provider/bad_request", happened, "Check the options and the text.")


def key_missing(around: Circumstances) -> ProviderError:
    """Return the error for a vendor that answers nobody without a key, without asking it."""
    return around.error("provider/auth", "needs a key and none is set", _key_advice(around))


def key_unusable(around: Circumstances) -> ProviderError:
    """Return the error for a key that cannot be sent, usually a slip in pasting."""
    happened = "has a key with characters that no key has, such as spaces or line ends"
    return around.error("provider/auth", happened, _key_advice(around))


def _key_advice(around: Circumstances) -> str:
    """Return how to give another key, and what tells whether it works.

    A variable goes before a key that is kept, so keeping another one would not help while it is set.
    """
    name = one_line(around.endpoint.name, 60)
    variable = KEY_VARIABLES.get(name)
    give = f"Give the right one with `chatty providers add {name}`"
    if variable is not None:
        give = f"Export the right one in {variable}, or without it run `chatty providers add {name}`"
    return f"{give}; `chatty providers test {name}` tries it."


def retry_after(headers: Mapping[str, str], now_seconds: float) -> float | None:
    """Return the pause that the headers ask for, in seconds: a number or a date (RFC 9110, 10.2.3)."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    wish = headers.get("retry-after", "").strip()
    seconds = _number(wish)
    if seconds is not None or not wish:
        return seconds
    try:
        return max(parsedate_to_datetime(wish).timestamp() - now_seconds, 0.0)
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,9}(?:\.\d{1,9})?\s*", text) else None


def _classify(status: int | None, error: ErrorObject) -> ErrorType:
    for name in (error.code, error.type):
        found = _BY_CODE.get(name)
        if found is not None and found != "provider/bad_request":
            return found
    if status in (None, 400, 404, 413, 422):
        if _MEANS_CONTEXT.search(error.message):
            return "provider/context_length"
        if _MEANS_MODEL.search(error.message):
            return "provider/model_unknown"
    if status is None:
        if _MEANS_RATE.search(error.message):
            return "provider/rate_limited"
        if _MEANS_OVERLOADED.search(error.message):
            return "provider/overloaded"
        return "provider/stream_broken" if error.type != "invalid_request_error" else "provider/bad_request"
    return _BY_STATUS.get(status) or ("provider/overloaded" if status >= 500 else "provider/bad_request")


def _sentences(
    around: Circumstances, type: ErrorType, status: str, is_spent: bool, retry_after_seconds: float | None
) -> tuple[str, str]:
    """Return what happened and what to do next."""
    model = one_line(around.request.model, 80) if around.request else ""
    match type:
        case "provider/auth":
            if around.has_key:
                return f"did not accept the key{status}", _key_advice(around)
            if around.endpoint.key_trouble:
                return f"wants a key{status}, and {around.endpoint.key_trouble}", _key_advice(around)
            return f"wants a key and none is set{status}", _key_advice(around)
        case "provider/rate_limited" if is_spent:
            return (
                f"says the credit{' of this key' if around.has_key else ''} is used up{status}",
                "Top it up, or use another key or model.",
            )
        case "provider/rate_limited":
            pause = f" in {math.ceil(retry_after_seconds)} s" if retry_after_seconds else " in a moment"
            by = " by this key" if around.has_key else ""
            return f"is asked too often{by}{status}", f"Try again{pause}, or use another model."
        case "provider/overloaded":
            return f"failed on its own side{status}", "Try again in a moment, or use another model."
        case "provider/timeout":
            return f"gave up waiting{status}", "Try again."
        case "provider/context_length":
            advice = "Start a new conversation, or use a model with a larger context window."
            return f"cannot read that much at once with {model or 'this model'}{status}", advice
        case "provider/content_filter":
            return (
                f"refused the request by its content rules{status}",
                "Put it in other words, or use another model.",
            )
        case "provider/model_unknown":
            whose = " for this key" if around.has_key else ""
            return f"has no model {model!r}{whose}{status}", "`chatty models` lists what there is."
        case "provider/bad_request":
            return f"did not take the request{status}", "Check the options, the model and the base URL."
        case _:
            return f"broke off with an error{status}", "Continue or ask again."
