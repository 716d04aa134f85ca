"""How well answers of research sessions are cited, over 60 questions with labelled evidence."""
