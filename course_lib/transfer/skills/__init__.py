"""Learning in a simulator how to explore with a robot, and a task from it in a lab (lesson 12)."""
