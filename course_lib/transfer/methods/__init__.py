"""Six ways from a simulated cluster to a real one, behind one interface."""
