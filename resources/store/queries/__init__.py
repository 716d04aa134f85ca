"""Questions over many rows: what was spent, what is new, what past requests and refreshes have brought."""
