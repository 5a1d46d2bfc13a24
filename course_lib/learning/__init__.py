"""Batched training with Stable-Baselines3, paired evaluation, and the result store."""

from course_lib.learning.baselines import PD, LinearPolicy, RandomPolicy, lqr
from course_lib.learning.evaluate import Policy, World, evaluate, mean_returns, record
from course_lib.learning.on_rigs import mean_returns_on_rigs
from course_lib.learning.policy import TrainedPolicy
from course_lib.learning.ppo import FAST_PPO, ROBUST_PPO, Falling, train_ppo
from course_lib.learning.recurrent import RecurrentPolicy, train_recurrent_ppo
from course_lib.learning.run_many import run_many
from course_lib.learning.sb3_adapter import SB3Adapter
from course_lib.learning.schedulers import (
    WFP3,
    EasyBackfilling,
    FastestFirst,
    FirstComeFirstServed,
    FirstFit,
    MinMin,
    Random,
    Scheduler,
    ShortestJobFirst,
)
from course_lib.learning.schedules import mean_slowdown, mean_slowdowns, schedules, slowdowns
from course_lib.learning.store import ResultStore
from course_lib.learning.train_scheduler import SCHEDULER_PPO, train_scheduler
from course_lib.worlds.history import ObservationActionHistory, with_history

__all__ = [
    "FAST_PPO",
    "Falling",
    "PD",
    "LinearPolicy",
    "ObservationActionHistory",
    "Policy",
    "RandomPolicy",
    "RecurrentPolicy",
    "ROBUST_PPO",
    "ResultStore",
    "SB3Adapter",
    "TrainedPolicy",
    "EasyBackfilling",
    "FastestFirst",
    "FirstComeFirstServed",
    "FirstFit",
    "MinMin",
    "Random",
    "Scheduler",
    "ShortestJobFirst",
    "WFP3",
    "World",
    "evaluate",
    "lqr",
    "mean_returns",
    "mean_returns_on_rigs",
    "record",
    "SCHEDULER_PPO",
    "mean_slowdown",
    "mean_slowdowns",
    "run_many",
    "schedules",
    "slowdowns",
    "train_scheduler",
    "train_ppo",
    "train_recurrent_ppo",
    "with_history",
]
