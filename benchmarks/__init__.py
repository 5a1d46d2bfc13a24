"""Side-by-side timings: this course against what a learner would otherwise use."""
