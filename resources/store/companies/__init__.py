"""Companies and their keys; merges and splits, and how these are undone; reviews of which one is meant."""
