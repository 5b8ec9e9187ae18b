"""A command line as bash hands it over for completion, and candidates in the form bash puts into it.

bash completes the piece of a word behind the last character of ``COMP_WORDBREAKS`` or an opening quote, and
inserts what it is given as it stands. So a candidate loses what stands there already, and everything in it
that the shell would evaluate is quoted: model names and titles are foreign text.

It knows no command.
"""

import re
from dataclasses import dataclass, field

_PLAIN = re.compile(r"[^\w@%+=:,./-]")
"""What a backslash goes in front of outside quotes."""
_IN_DOUBLE_QUOTES = re.compile(r'[\\"$`!]')


@dataclass(slots=True)
class TypedLine:
    """The line up to the cursor, read as the shell would read it.

    Attributes:
        before: the words in front of the one at the cursor, without their quotes.
        word: the word at the cursor so far, without its quotes.
        kept: how many characters of it bash leaves as they are.
        quote: the quote that is still open, an empty string when none is.
    """

    before: list[str] = field(default_factory=list)
    word: str = ""
    kept: int = 0
    quote: str = ""

    def inserted(self, candidate: str) -> str:
        """Return what bash is to insert for a candidate that begins with ``word``."""
        rest = candidate[self.kept :]
        if self.quote == "'":
            return rest.replace("'", "'\\''")
        return (_IN_DOUBLE_QUOTES if self.quote else _PLAIN).sub(r"\\\g<0>", rest)


def read_line(text: str, word_breaks: str) -> TypedLine:
    """Read a line; one that ends within quotes or behind a backslash is no mistake here.

    Args:
        text: from the command to the cursor.
        word_breaks: what ``COMP_WORDBREAKS`` holds.
    """
    line = TypedLine()
    in_word = False
    characters = iter(text)
    for character in characters:
        if line.quote == "'" or (line.quote and character not in '"\\'):
            if character == line.quote:
                line.quote = ""
            else:
                line.word += character
        elif character == "\\":
            escaped = next(characters, "")
            is_literal = line.quote and escaped not in '"\\$`'
            line.word += ("\\" if is_literal else "") + escaped
            in_word = True
        elif character in "'\"":
            line.quote = "" if line.quote else character
            line.kept = len(line.word) if line.quote else line.kept
            in_word = True
        elif character.isspace():
            if in_word:
                line.before.append(line.word)
            line.word, line.kept, in_word = "", 0, False
        else:
            line.word += character
            line.kept = len(line.word) if character in word_breaks else line.kept
            in_word = True
    return line
