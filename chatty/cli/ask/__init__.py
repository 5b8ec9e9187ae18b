"""``chatty ask``: one question, one answer, made for pipes.

``command`` declares the options and ``options`` is what they mean together. ``question`` gathers what is
sent, ``request`` shapes it, ``exchange`` drives the run (``detach`` leaves it to the server) and ``stops``
hears signals. ``reply`` adds up what comes back, and ``printers`` show it (``choice`` picks one). ``fate``
knows how it ended, ``saying`` says so.
"""
