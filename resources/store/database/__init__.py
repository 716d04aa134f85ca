"""How statements reach SQLite and Postgres: transactions, group commit, column types, rows and records."""
