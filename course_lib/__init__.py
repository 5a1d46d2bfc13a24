"""Helpers of the course: worlds, learning, gap, transfer, deploy, and what teaches them."""

__version__ = "0.1.0"
