"""Nothing lost, nothing twice: commands killed anywhere, services that fail in every way, and what becomes of jobs."""
