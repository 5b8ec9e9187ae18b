import pytest

from chatty.providers import _failures
from chatty.providers._failures import Circumstances
from chatty.providers._openai_wire import ErrorObject
from chatty.providers.base import ChatMessage, ChatRequest, Endpoint
from chatty.providers.errors import RETRYABLE_TYPES, ErrorType

NOW = 1_445_412_000.0  # Wed, 21 Oct 2015 07:20:00 GMT
REQUEST = ChatRequest("gpt-x", [ChatMessage("user", "hello")])
AROUND = Circumstances(Endpoint("lab", "openai"), REQUEST)


@pytest.mark.parametrize(
    ("status", "error", "type", "retryable"),
    [
        (401, ErrorObject(), "provider/auth", False),
        (402, ErrorObject("Insufficient credits"), "provider/rate_limited", False),
        (403, ErrorObject("no", "", "permission_error"), "provider/auth", False),
        (404, ErrorObject("no", "model_not_found"), "provider/model_unknown", False),
        (404, ErrorObject("model 'llama9' not found, try pulling it first"), "provider/model_unknown", False),
        (404, ErrorObject("404 page not found"), "provider/bad_request", False),
        (
            400,
            ErrorObject("The model `a` has been decommissioned", "model_decommissioned"),
            "provider/model_unknown",
            False,
        ),
        (
            400,
            ErrorObject("the request exceeds the available context size"),
            "provider/context_length",
            False,
        ),
        (400, ErrorObject("Please reduce: prompt is too long: 9 tokens"), "provider/context_length", False),
        (400, ErrorObject("bad", "", "invalid_request_error"), "provider/bad_request", False),
        (
            400,
            ErrorObject(
                "/chat/completions: Invalid model name passed in model=x", "400", "invalid_request_error"
            ),
            "provider/model_unknown",
            False,
        ),
        (400, ErrorObject("No connected db.", "400", "no_db_connection"), "provider/auth", False),
        (
            413,
            ErrorObject("Too large for tokens per minute", "rate_limit_exceeded"),
            "provider/rate_limited",
            False,
        ),
        (422, ErrorObject("extra field"), "provider/bad_request", False),
        (429, ErrorObject(), "provider/rate_limited", True),
        (
            429,
            ErrorObject("quota", "insufficient_quota", "insufficient_quota"),
            "provider/rate_limited",
            False,
        ),
        (408, ErrorObject(), "provider/timeout", True),
        (498, ErrorObject(), "provider/overloaded", True),
        (500, ErrorObject(), "provider/overloaded", True),
        (529, ErrorObject("", "", "overloaded_error"), "provider/overloaded", True),
        (418, ErrorObject(), "provider/bad_request", False),
    ],
)
def test_statuses_and_codes_have_a_type(
    status: int, error: ErrorObject, type: ErrorType, retryable: bool
) -> None:
    failure = _failures.refused(AROUND, status, error)
    assert (failure.type, failure.retryable, failure.http_status) == (type, retryable, status)


@pytest.mark.parametrize(
    ("error", "type"),
    [
        (ErrorObject("x", "502"), "provider/overloaded"),
        (ErrorObject("x", "429"), "provider/rate_limited"),
        (ErrorObject("over capacity, please try again"), "provider/overloaded"),
        (ErrorObject("x", "", "server_error"), "provider/overloaded"),
        (ErrorObject("x", "", "invalid_request_error"), "provider/bad_request"),
        (ErrorObject("Context length exceeded"), "provider/context_length"),
        (ErrorObject("boom"), "provider/stream_broken"),
    ],
)
def test_errors_inside_a_stream_have_a_type(error: ErrorObject, type: ErrorType) -> None:
    assert _failures.reported(AROUND, error).type == type


def test_the_sentence_says_what_happened_what_is_safe_and_what_to_do() -> None:
    failure = _failures.refused(AROUND, 429, ErrorObject("Slow down."), retry_after_seconds=7)
    assert failure.message == (
        'lab is asked too often by this key (429). It said: "Slow down".'
        " Your message is kept. Try again in 7 s, or use another model."
    )
    assert str(failure) == failure.message


def test_a_partial_reply_is_said_to_be_kept() -> None:
    around = Circumstances(AROUND.endpoint, REQUEST, has_content=True)
    assert "The text so far is kept." in _failures.timed_out(around, 60).message


def test_every_retryable_type_is_one_of_the_types() -> None:
    assert set(RETRYABLE_TYPES) < set(ErrorType.__args__)  # type: ignore[attr-defined]  # a Literal's values


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 480.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert _failures.retry_after(headers, NOW) == seconds
