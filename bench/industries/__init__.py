"""How many of the labels vendors give companies are mapped to the published industries, and how many rightly."""
