"""What an operator looks after: purchases, sources, keys, and what other rules would have cost and brought."""
