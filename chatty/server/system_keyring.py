"""The system keyring as the server asks it: one question at a time, each under a bound.

A keyring may hang, for one because it waits for its owner to unlock it. The question then stays behind in a
thread of its own that nothing waits for, and later ones are refused at once until it is answered. What is
asked is the vault's business.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")

KEYRING_SECONDS: Final = 5.0
"""How long a keyring may think (it may be asking its owner to unlock it)."""


class SystemKeyring:
    """Asks, and does not wait for what does not answer. One per process."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._late: Future[Any] = Future()
        self._late.set_result(None)

    async def ask(self, question: Callable[[], T]) -> T:
        """Return the answer of a call of the keyring library; what that raises comes out.

        Raises:
            TimeoutError: there is no answer yet, to this question or to an earlier one.
        """
        async with self._turn:
            if not self._late.done():
                raise TimeoutError
            answer: Future[T] = Future()
            threading.Thread(target=_answer, args=(question, answer), name="keyring", daemon=True).start()
            try:
                return await asyncio.wait_for(asyncio.wrap_future(answer), KEYRING_SECONDS)
            except TimeoutError:
                if not answer.done():
                    self._late = answer
                raise


def _answer(question: Callable[[], T], answer: Future[T]) -> None:
    answer.set_running_or_notify_cancel()  # from here on nobody can cancel it
    try:
        answer.set_result(question())
    except BaseException as error:  # backends raise whatever they like
        answer.set_exception(error)
