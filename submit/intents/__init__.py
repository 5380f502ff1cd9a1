"""What the client knows of its own submissions: exactly-once, the journal's entries, and how open ones are settled."""
