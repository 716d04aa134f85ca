"""How long the warehouse takes to build, and its questions to answer."""
