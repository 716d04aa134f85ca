"""What is asked of the system, and which process carries it out: requests, batches, research sessions."""
