"""The command line: one file per command, output formats and exit codes."""
