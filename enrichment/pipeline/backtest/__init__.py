"""What past requests would have cost and brought under other rules: replayed over recorded answers."""
