"""What the shell's editing keys do to a text under edit (GNU readline, section 8.4).

Not here: ^f ^n ^p ^o ^l ^g, which are actions of ours, and moving between rows, which needs to know the rows.
"""

from collections.abc import Callable

from chatty.tui.editing.buffer import EditBuffer

CHANGES: dict[str, Callable[[EditBuffer], None]] = {
    "backspace": EditBuffer.delete_left,
    "shift+backspace": EditBuffer.delete_left,
    "delete": EditBuffer.delete_right,
    "ctrl+d": EditBuffer.delete_right,
    "ctrl+k": EditBuffer.kill_to_line_end,
    "ctrl+u": EditBuffer.kill_to_line_start,
    "ctrl+w": EditBuffer.kill_blank_word_left,
    "alt+backspace": EditBuffer.kill_word_left,
    "ctrl+backspace": EditBuffer.kill_word_left,
    "alt+d": EditBuffer.kill_word_right,
    "alt+delete": EditBuffer.kill_word_right,
    "ctrl+delete": EditBuffer.kill_word_right,
    "ctrl+y": EditBuffer.yank,
    "ctrl+t": EditBuffer.transpose,
    "ctrl+_": EditBuffer.undo,
}
"""Keys that change the text."""

MOVES: dict[str, Callable[[EditBuffer], int]] = {
    "left": EditBuffer.left,
    "ctrl+b": EditBuffer.left,
    "right": EditBuffer.right,
    "ctrl+left": EditBuffer.word_left,
    "alt+left": EditBuffer.word_left,
    "alt+b": EditBuffer.word_left,
    "ctrl+right": EditBuffer.word_right,
    "alt+right": EditBuffer.word_right,
    "alt+f": EditBuffer.word_right,
    "home": EditBuffer.line_start,
    "ctrl+a": EditBuffer.line_start,
    "end": EditBuffer.line_end,
    "ctrl+e": EditBuffer.line_end,
}
"""Keys that move the cursor; with shift in front they select."""
