"""Pictures of every screen, taken of the real program in a real pseudo-terminal.

    python -m tests.pictures            all of them, into docs/pictures
    python -m tests.pictures first-run  those whose name begins so

`scenes.py` says what is on them, `sitting.py` sets the program up, `painting.py` turns a screen into SVG.
"""
