"""SQL, migrations and repositories."""
