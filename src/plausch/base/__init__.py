"""What every room may use: names of things, clocks, errors. Standard library only."""
