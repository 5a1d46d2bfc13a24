"""Safe deployment."""
