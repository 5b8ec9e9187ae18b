"""``chatty ask``: one question, one answer, made for pipes.

``command`` declares the options, ``question`` gathers what is sent, ``request`` shapes it,
``exchange`` drives the run, ``reply`` adds up what comes back, ``printers`` show it, ``stops`` hears signals,
``fate`` says how it ended.
"""
