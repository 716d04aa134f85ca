"""What a seller gets: the answer of checked claims, what stays open, what to ask next, the transcript."""
