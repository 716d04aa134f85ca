"""Which known facts to buy again first, and how often what they state changes."""
