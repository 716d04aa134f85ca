"""Research sessions: a seller's question to a plan, its evidence, and an answer made of checked claims only."""
