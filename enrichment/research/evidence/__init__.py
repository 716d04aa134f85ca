"""What the facts of a company and of its vendor say about a question: passages, ranked, and where both sides meet."""
