"""How well, and how fast, it is told whether two names are one company's."""
