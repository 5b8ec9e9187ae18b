"""The contract between clients and servers: wire models, method names, errors, versions. Imports nothing of ours."""
