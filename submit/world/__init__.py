"""The only folder of the client that touches anything: one door per part of the world."""
