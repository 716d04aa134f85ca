"""The service for agents, over MCP: reading is free, and nothing is bought without consent to its quote."""
