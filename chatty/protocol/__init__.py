"""The contract between clients and servers: wire models, methods, errors, versions.

Imports nothing of ours.
"""
