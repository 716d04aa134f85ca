"""What a model says of the evidence, checked word by word against its quotes."""
