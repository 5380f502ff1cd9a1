"""A trainer that writes the time into each line of its log."""
