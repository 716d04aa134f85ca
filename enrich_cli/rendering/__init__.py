"""How answers look on a terminal, and as JSON: one file per kind of answer, and the terminal itself."""
