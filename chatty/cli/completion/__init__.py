"""Completion in the shell: the scripts, the words, and the commands that install them."""
