"""How well answers of research sessions are cited, over questions with labelled evidence."""
