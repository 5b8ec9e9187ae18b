import pytest

from chatty.providers import _failures
from chatty.providers._failures import Circumstances
from chatty.providers._openai_wire import ErrorObject
from chatty.providers.base import ChatMessage, ChatRequest, Endpoint, Secret
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
        'lab is asked too often (429). It said: "Slow down".'
        " Your message is kept. Try again in 7 s, or use another model."
    )
    assert str(failure) == failure.message


KEYED = Circumstances(Endpoint("openai", "openai", api_key=Secret("sk-canary-123")), REQUEST)


@pytest.mark.parametrize(
    ("around", "status", "words"),
    [
        (KEYED, 429, "openai is asked too often by this key (429)."),
        (AROUND, 402, "lab says the credit is used up (402)."),
        (KEYED, 402, "openai says the credit of this key is used up (402)."),
        (AROUND, 401, "lab wants a key and none is set (401)."),
        (KEYED, 401, "openai did not accept the key (401)."),
    ],
)
def test_a_key_is_blamed_only_where_one_was_sent(around: Circumstances, status: int, words: str) -> None:
    assert _failures.refused(around, status, ErrorObject()).message.startswith(words)


def test_advice_for_a_refused_key_is_how_to_give_another_one_and_to_try_it() -> None:
    assert _failures.refused(KEYED, 401, ErrorObject()).message.endswith(
        "Export the right one in OPENAI_API_KEY, or without it run `chatty providers add openai`;"
        " `chatty providers test openai` tries it."
    )
    assert _failures.refused(AROUND, 401, ErrorObject()).message.endswith(
        "Give the right one with `chatty providers add lab`; `chatty providers test lab` tries it."
    )


def test_the_address_that_was_tried_is_named_without_a_password() -> None:
    around = Circumstances(AROUND.endpoint, REQUEST, "http://me:secret@127.0.0.1:1/v1?token=x")
    failure = _failures.unreachable(around, "Connection refused")
    assert failure.message.startswith(
        "lab cannot be reached: Connection refused (at http://…127.0.0.1:1/v1). "
    )


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


def test_a_short_pause_is_not_called_none() -> None:
    error = _failures.refused(AROUND, 429, ErrorObject(), retry_after_seconds=0.3)
    assert "Try again in 1 s" in error.message
