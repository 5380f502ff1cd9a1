"""How many machines the cloud has, and how long it takes to give one: simulated, by default without limits."""
