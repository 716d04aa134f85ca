"""What a question buys and reads: requests of the pipeline within the session's budget, and what is known after."""
