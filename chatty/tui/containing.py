"""What is mixed into our widgets and screens so that a crash in one of them stays there."""

from textual.events import Compose, Mount
from textual.message import Message
from textual.message_pump import MessagePump


class Contained(MessagePump):
    """A widget or screen whose failing handlers do not end the program, where the app contains crashes."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            # What was never mounted cannot go on.
            contain = None if isinstance(message, Compose | Mount) else getattr(self.app, "contain", None)
            if contain is None or not contain(error):
                raise
