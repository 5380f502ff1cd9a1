"""`python -m submit.cli` is `submit`."""

from submit.cli import main

main()
