"""Many companies within one budget: a batch, its workers, and what it will cost."""
