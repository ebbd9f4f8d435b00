"""What answers on this machine alone: a port for its owner's programs and browser, and words."""
