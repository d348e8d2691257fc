"""`python -m dealbooks.cli`, for where the script is not on the path."""

from dealbooks.cli import main

main()
