"""Markdown documents for the renderer's tests: one of everything, and hypothesis strategies."""

from hypothesis import strategies as st

EVERYTHING = """# Title with `code`

Some **bold**, *italic* and ~~struck~~ text with [a link](https://docs.example/x) and https://a.example/p. See
[a reference][r] and ![a picture](https://x.example/z.png).

Steps:
1. first
   more
2. second

   paragraph
   ```python
   def f(): return 1
   ```
10. third
- a
  - b
    - c
* other

> quote
> > nested

| name | n | c |
|---|--:|:-:|
| 1 | 22 | x |
| **long cell** | 2 | [l](http://q.example) |

```python
def f(x):
    \"\"\"doc
    more\"\"\"
    return None  # done
```

---
Setext
======
    indented code

日本語のテキストです。改行されるはずの長い文章をここに書いてみます。

[r]: http://ref.example "title"
<b>html</b> &#x202e; [bad](javascript:alert(1))
"""

LINES = [
    "",
    "",
    "  ",
    "text",
    "more text *with* `code`",
    "a long line of prose that is wrapped somewhere because it has so many words in it",
    "# heading",
    "===",
    "---",
    "***",
    "- item",
    "* other",
    "  - nested",
    "    deep",
    "      deeper",
    "1. one",
    "2. two",
    "7) seven",
    "   continued",
    "> quote",
    "> > inner",
    "> - in quote",
    "```",
    "```python",
    "~~~",
    "   ```",
    "x = '''",
    "| a | b |",
    "|---|:-:|",
    "| 1 | **2** |",
    "a | b",
    "[r]: https://r.example",
    "[s]:",
    "https://s.example",
    "[r] and [text][s] and ![i][r]",
    "\tindented",
    "<div>",
    "日本語 and 👍🏽",
    "&#x202e;&amp;",
    "\x1b[31mred\x1b[0m",
    "e" + "\u0301" * 12,
]

markdown = st.lists(st.sampled_from(LINES), max_size=24).map("\n".join)
"""Documents whose lines open, continue and close all kinds of blocks."""
