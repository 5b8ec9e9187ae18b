import pytest

from chatty.store.errors import (
    AlreadyExists,
    ConstraintViolation,
    FenceLost,
    IdempotencyMismatch,
    NotFound,
    RunActive,
    StorageError,
    StoreError,
    VersionConflict,
)


@pytest.mark.parametrize(
    "error",
    [
        NotFound("message", "secret-value"),
        VersionConflict("project", "secret-value"),
        AlreadyExists("project", "secret-value"),
        IdempotencyMismatch("message", "secret-value"),
        RunActive("secret-value", "secret-value"),
        FenceLost("secret-value"),
    ],
)
def test_sentence_says_what_happened_without_what_was_stored(error: StoreError) -> None:
    assert len(str(error)) > 10
    assert "secret-value" not in str(error)


def test_storage_error_names_the_place_and_the_way_out() -> None:
    error = StorageError("full", "/data/chatty.db", "Free some space.")
    assert (error.code, error.retryable) == ("storage/full", True)
    assert str(error) == "the disk is full: /data/chatty.db. Free some space."
    assert not StorageError("corrupt", "/x", "y").retryable
    assert "users.email" in str(ConstraintViolation("users.email"))
