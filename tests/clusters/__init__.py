"""Real clusters on this machine, from nothing in seconds, for as long as tests need them.

Each runs as whoever starts it, below a folder of its own and on free ports of loopback; nothing of the system is
touched. Its daemons are our children and end with us, even if we are killed.
"""
