"""Foreign text made safe, and Markdown made into styled lines. A leaf shared by the two faces.

``sanitizer``
    ``sanitize``, ``StreamSanitizer``, ``json_escape``: in front of every sink; standard library alone.
``guard``
    ``OutputGuard`` behind every sink, at the last write, and ``clipboard_write``.
``markdown``
    ``MarkdownStream``: Markdown that grows, its lines at any width, its links and code blocks.
``lines``, ``style``
    ``Line`` and ``Style``: what a face draws. Roles, not colours.
``ansi``, ``printer``
    ``AnsiFormatter`` and ``TerminalPrinter``: lines as SGR codes, and a reply printed while it comes.
``links``
    ``open_url``, the only function that opens a link, and where a link really leads.

Nothing here fetches, opens or writes anything by itself.
"""
