"""Line editing without a screen: the text, its cursor, the kill ring, undo, wrapping and paste chips.

Nothing here knows Textual; the composer and the one-line inputs draw what is held here.
"""
