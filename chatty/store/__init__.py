"""Where everything is kept: SQLite in one file, or PostgreSQL, behind one port.

`sqlite.open_database` and `postgres.open_postgres` open a `database.Database`. Work is done by repository
functions, generators whose first argument is the `database.Scope`:

    await db.read(scope, conversations.get, conversation_id)

Repositories: `bootstrap`, `instance`, `projects`, `prompts`, `conversations`, `messages`, `parts`, `runs`,
`run_text`, `events`, `usage`, `provider_endpoints`, `search`. Several compose to one unit of work with
`yield from`. Rows are in `rows`, errors in `errors`.
"""
