"""What a cloud does to its users, on request: faults, capacity, preemption, a fresh start."""
