"""What a question means: its companies, areas and topics, and what to search for."""
