"""Simulators and sealed realities: every world is a batch that Gymnasium can step."""

import gymnasium as gym

from course_lib.worlds.arm import Arm, ArmPhysics, single_arm
from course_lib.worlds.cartpole import CartPole, CartPolePhysics, single_cartpole
from course_lib.worlds.clinic import Clinic, ClinicPhysics, single_clinic
from course_lib.worlds.clusters import Gaps, JobClass, Pool, Site
from course_lib.worlds.dispatch import Dispatch, DispatchPhysics, single_dispatch
from course_lib.worlds.distributions import Choice, LogUniform, Uniform
from course_lib.worlds.grasping import Grasping, GraspingPhysics, single_grasping
from course_lib.worlds.lab import Attempt, Lab
from course_lib.worlds.lock import CombinationLock, Lock, single_lock
from course_lib.worlds.lublin import LublinFeitelson
from course_lib.worlds.market import Market, MarketPhysics, single_market
from course_lib.worlds.proportional import Proportional
from course_lib.worlds.puck import Puck, PuckPhysics, single_puck
from course_lib.worlds.replay import Replayed
from course_lib.worlds.rig import BudgetSpent, PolicyFault, Rig, RigEpisode
from course_lib.worlds.rig_bullet import BulletRig
from course_lib.worlds.schedule_log import ScheduleLog
from course_lib.worlds.scheduler import Cluster, HeteroSched, SingleHeteroSched
from course_lib.worlds.sites import CLOUD, EDGE, HPC, SITES
from course_lib.worlds.swf import Trace, read_swf
from course_lib.worlds.targets import DISPATCH_SITE, SIMULATED_TARGET, TUTORIAL_REALITY
from course_lib.worlds.workloads import Synthetic

__all__ = [
    "Arm",
    "ArmPhysics",
    "Attempt",
    "CLOUD",
    "DISPATCH_SITE",
    "EDGE",
    "HPC",
    "Lab",
    "LublinFeitelson",
    "Market",
    "MarketPhysics",
    "Puck",
    "PuckPhysics",
    "Replayed",
    "SITES",
    "Synthetic",
    "Trace",
    "read_swf",
    "BudgetSpent",
    "BulletRig",
    "PolicyFault",
    "Proportional",
    "Rig",
    "RigEpisode",
    "SIMULATED_TARGET",
    "TUTORIAL_REALITY",
    "CartPole",
    "CartPolePhysics",
    "Choice",
    "Clinic",
    "ClinicPhysics",
    "Cluster",
    "CombinationLock",
    "Dispatch",
    "DispatchPhysics",
    "Gaps",
    "Grasping",
    "GraspingPhysics",
    "HeteroSched",
    "JobClass",
    "Lock",
    "LogUniform",
    "Pool",
    "ScheduleLog",
    "Site",
    "Uniform",
]

gym.register("sim2real/CartPole-v0", entry_point=single_cartpole, vector_entry_point=CartPole)
gym.register("sim2real/HeteroSched-v0", entry_point=SingleHeteroSched)
gym.register(
    "sim2real/CombinationLock-v0", entry_point=single_lock, vector_entry_point=CombinationLock
)
gym.register("sim2real/Puck-v0", entry_point=single_puck, vector_entry_point=Puck)
gym.register("sim2real/Arm-v0", entry_point=single_arm, vector_entry_point=Arm)
gym.register("sim2real/Dispatch-v0", entry_point=single_dispatch, vector_entry_point=Dispatch)
gym.register("sim2real/Clinic-v0", entry_point=single_clinic, vector_entry_point=Clinic)
gym.register("sim2real/Market-v0", entry_point=single_market, vector_entry_point=Market)
gym.register("sim2real/Grasping-v0", entry_point=single_grasping, vector_entry_point=Grasping)
