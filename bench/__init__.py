"""jobdir side by side with its peers: measured in turns in one run, and reported as ratios."""
