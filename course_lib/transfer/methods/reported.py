"""The table of a published report on six transfer methods for a cluster scheduler.

HeteroSched Research Team (July 2025), "Bridging the Sim-to-Real Gap in Heterogeneous Scheduling:
Challenges and Solutions", section 4.2. The program that wrote the report is public as well: it
draws these numbers from a random generator, see lesson 08.
"""

COLUMNS = (
    "simulation",
    "reality",
    "gap",
    "hours to adapt",
    "robustness",
    "safety",
)

REPORTED = {
    "domain randomization": (0.875, 0.709, 0.166, 2.6, 0.368, 0.559),
    "adversarial training": (0.821, 0.718, 0.102, 0.4, 0.935, 0.493),
    "progressive deployment": (0.923, 0.769, 0.155, 0.4, 0.808, 0.450),
    "fine-tuning": (0.799, 0.789, 0.010, 1.4, 0.888, 0.463),
    "meta-learning": (0.887, 0.780, 0.107, 0.2, 0.795, 0.682),
    "uncertainty-aware": (0.879, 0.766, 0.114, 2.6, 0.539, 0.663),
}
