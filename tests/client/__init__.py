"""The client, beside the fake server and the real one."""
