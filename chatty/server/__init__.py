"""The application: connections, operations, permissions, and the run engine."""
