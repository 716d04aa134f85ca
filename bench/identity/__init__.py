"""How well, and how fast, it is decided whether two names are one company's."""
