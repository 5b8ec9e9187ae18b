"""The built-in provider: answers questions about chatty from its own documentation, without key or network.

It finds and quotes; it generates nothing, and says so. `pages` reads the documentation, `index` searches it,
`answers` chooses what to say, `provider` streams it like a model.
"""

from chatty.providers.guide.provider import GuideProvider


def new_provider() -> GuideProvider:
    """Return the guide; the pages are read at its first use."""
    return GuideProvider()
