"""Registered companies: which one is meant, merges, reviews, verdicts and changes; lists and batches of them."""
