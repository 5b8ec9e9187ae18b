"""Code blocks and links of an answer, for copying and opening. Parses the text when asked, keeps nothing."""

from chatty.rendering.sanitizer import sanitize

_SCHEMES = ("http://", "https://", "mailto:")


def code_blocks(text: str) -> list[str]:
    """The contents of the fenced and indented blocks, in order."""
    return [content.rstrip("\n") for content, _ in _tokens(text, ("fence", "code_block"))]


def links(text: str) -> list[str]:
    """The addresses that may be opened (http, https, mailto), each once, in order."""
    found = [href for _, href in _tokens(text, ("link_open",))]
    allowed = [sanitize(href, multiline=False) for href in found if href.lower().startswith(_SCHEMES)]
    return list(dict.fromkeys(allowed))


def _tokens(text: str, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    """Content and address of the Markdown tokens of these kinds."""
    # 20 ms to import: only when someone copies code or opens a link.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    flat = [inner for token in parser.parse(text) for inner in (token, *(token.children or ()))]
    return [(token.content, str(token.attrGet("href") or "")) for token in flat if token.type in kinds]
