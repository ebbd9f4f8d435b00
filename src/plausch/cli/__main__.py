"""`python -m plausch.cli`."""

from plausch.cli.main import main

main()
