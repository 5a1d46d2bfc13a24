"""Eyes: a small convolutional network that sees where the cart is and how far the pole leans.

Trained on simulated pictures alone, with looks drawn at random, after Tobin et al. (2017), "Domain
Randomization for Transferring Deep Neural Networks from Simulation to the Real World"
(arXiv:1703.06907). As in OpenAI et al. (2018), "Learning Dexterous In-Hand Manipulation"
(arXiv:1808.00177), the network only estimates the pose; speeds are left to a controller that
remembers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.learning.evaluate import evaluate
from course_lib.learning.policy import TrainedPolicy
from course_lib.learning.ppo import ROBUST_PPO, train_ppo
from course_lib.learning.progress import progress_bar
from course_lib.learning.run_many import run_many
from course_lib.worlds.camera import HEIGHT, VIEW, WIDTH, Camera, render
from course_lib.worlds.cartpole import RAIL_LIMIT, CartPolePhysics
from course_lib.worlds.distributions import Choice
from course_lib.worlds.looks import Look
from course_lib.worlds.pose import EYE_ERRORS, PoseOnly, ThroughCamera

BATCH = 32
AHEAD = 16  # batches rendered together
LEARNING_RATE = 1e-2
STEEPEST = 0.35  # rad, the largest angle that the eyes can report

# Changes pictures (n, H, W, 3) and their poses (n, 2), drawing from a generator.
Augment = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]


class PoseMap(nn.Module):
    """Paints a map, angle of the pole × place along the track; its centre of mass is the pose.

    To answer with a distribution is easier to learn than with a number: while the network cannot
    tell left from right yet, their average, "upright", is a trap in which a number stays.
    """

    def __init__(self, angles: int = 15, places: int = WIDTH // 4):
        super().__init__()
        edge = VIEW / 2 * (1 - 1 / places)
        self.register_buffer("angles", torch.linspace(-STEEPEST, STEEPEST, angles))  # rad
        self.register_buffer("places", torch.linspace(-edge, edge, places))  # m
        self.layers = nn.Sequential(
            *_convolution(3, 16, (7, 5), stride=(4, 2), padding=(3, 2)),  # (n, 16, H/4, W/2)
            *_convolution(16, 32, (3, 3), stride=2, padding=1),  # (n, 32, H/8, W/4)
            # A kernel as high as the picture: one row of places remains.
            *_convolution(32, 64, (HEIGHT // 8, 5), padding=(0, 2)),  # (n, 64, 1, W/4)
            nn.Conv2d(64, angles, 1),  # (n, angles, 1, W/4)
        )

    def scores(self, pictures: torch.Tensor) -> torch.Tensor:
        """Logarithms of the map (n, angles, places), up to a constant."""
        return self.layers(pictures).squeeze(2)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Poses (n, 2), in m and rad, of standardised pictures (n, 3, H, W)."""
        scores = self.scores(pictures)
        shares = scores.flatten(1).softmax(1).view_as(scores)
        return torch.stack([shares.sum(1) @ self.places, shares.sum(2) @ self.angles], dim=1)

    def loss(self, pictures: torch.Tensor, poses: torch.Tensor) -> torch.Tensor:
        """Cross-entropy between the map and the true poses (n, 2)."""
        places, angles = shared(poses[:, :1], self.places), shared(poses[:, 1:], self.angles)
        truth = angles[:, :, None] * places[:, None, :]
        return F.cross_entropy(self.scores(pictures).flatten(1), truth.flatten(1))


def _convolution(inputs: int, outputs: int, size: tuple[int, int], **how) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, size, bias=False, **how)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


def shared(values: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Share each value (n, 1) between the two points of an even grid (g,) around it: (n, g).

    The weighted mean of these points is the value: a coarse grid loses nothing.
    """
    spacing = grid[1] - grid[0]
    return (1 - (grid - values.clamp(grid[0], grid[-1])).abs() / spacing).clamp(min=0)


class Eyes:
    """`eyes(pictures) -> poses`: uint8 (n, H, W, 3) to (n, 2), in m and rad."""

    def __init__(self, net: nn.Module):
        self.net = net.eval()

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Estimate the pose in every picture.

        Each picture is also looked at in a mirror, where the pose must come out reversed; the
        mean of both answers errs less than either.
        """
        poses = []
        for start in range(0, len(pictures), 256):  # small enough for the cache
            x = torch.from_numpy(pictures[start : start + 256])
            with torch.no_grad():
                direct, mirrored = (self.net(standardised(v)) for v in (x, x.flip(2)))
            poses.append((direct - mirrored) / 2)
        return torch.cat(poses).numpy()


def standardised(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures (n, H, W, 3) as float32 (n, 3, H, W), each with mean 0 and variance 1."""
    # The 16 keeps the grain of an almost empty picture from being blown up to a pattern.
    return F.layer_norm(pictures.float(), pictures.shape[1:], eps=16.0).permute(0, 3, 1, 2)


def train_eyes(
    looks: Look,
    seed: int,
    *,
    frames: int = 20_000,
    augment: Augment | None = None,
    progress: bool = True,
) -> Eyes:
    """Train eyes on `frames` rendered pictures, each of another pose and another draw of `looks`.

    No picture is shown twice: to render a new one costs less than to learn from it. `augment` may
    change finished pictures and their poses, for example `augmented`. One seed gives one result on
    one machine.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = PoseMap().to(memory_format=torch.channels_last)
    steps = -(-frames // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, fused=True)
    # Up, then down to almost nothing: the noise of small batches is gone in the end.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.15
    )
    data = batches(looks, rng)
    with progress_bar(steps, "eyes", shown=progress) as bar:
        for _ in range(steps):
            pictures, poses = next(data)
            if augment:
                pictures, poses = augment(pictures, poses, rng)
            x, truth = torch.from_numpy(pictures), torch.from_numpy(poses).float()
            loss = net.loss(standardised(x), truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            bar.update()
    return Eyes(net)


def batches(looks: Look, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rendered pictures (BATCH, H, W, 3), uint8, with their poses (BATCH, 2), for ever."""
    size = BATCH * AHEAD
    while True:
        states = some_states(rng, size)
        pictures, poses = render(states, looks.sample(rng, size), rng), states[:, [0, 2]]
        yield from zip(np.split(pictures, AHEAD), np.split(poses, AHEAD), strict=True)


def some_states(rng: np.random.Generator, size: int) -> np.ndarray:
    """True states (size, 4) to learn from: anywhere on the rail, half of them nearly upright."""
    states = np.zeros((size, 4))
    states[:, 0] = rng.uniform(-RAIL_LIMIT, RAIL_LIMIT, size)
    wide, narrow = rng.uniform(-0.3, 0.3, size), rng.normal(0.0, 0.07, size)
    states[:, 2] = np.where(rng.random(size) < 0.5, wide, narrow)
    return states


def augmented(
    pictures: np.ndarray, poses: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Disturb pictures (n, H, W, 3) without knowing what they show; the poses stay as they are.

    Half of them pass through a random 3 × 3 convolution, which gives them other colours and edges
    (Lee et al. 2020, "Network Randomization", arXiv:1910.05396); all of them get a random box
    (after DeVries and Taylor 2017, "Cutout", arXiv:1708.04552).
    """
    n, height, width, _ = pictures.shape
    kernels = rng.standard_normal((n, 3, 3, 3, 3)) / np.sqrt(27)
    kept = rng.random(n) < 0.5
    kernels[kept] = np.eye(3)[:, :, None, None] * np.pad([[1.0]], 1)
    # One group per picture: each is filtered by its own kernels.
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).reshape(1, 3 * n, height, width).float()
    kernels = torch.from_numpy(kernels.reshape(3 * n, 3, 3, 3)).float()
    x = F.conv2d(x, kernels, padding=1, groups=n).view(n, 3, height, width).permute(0, 2, 3, 1)
    for picture in x:
        top, left = rng.integers(height), rng.integers(width)
        box = picture[top : top + rng.integers(1, 12), left : left + rng.integers(1, 12)]
        box[:] = torch.from_numpy(rng.uniform(-255, 255, 3))
    return x.numpy(), poses


def saliency(eyes: Eyes, picture: np.ndarray) -> np.ndarray:
    """How much the angle changes with each pixel: |d angle / d pixel|, (H, W), in rad per level.

    After Simonyan et al. (2014), "Deep Inside Convolutional Networks" (arXiv:1312.6034).
    """
    x = torch.from_numpy(picture[None]).float().requires_grad_()  # (1, H, W, 3)
    _, angle = eyes.net(standardised(x))[0]
    (slope,) = torch.autograd.grad(angle, x)
    return slope[0].abs().sum(-1).numpy()


def pose_errors(
    eyes: Eyes, camera: Camera, *, episodes: int = 20, frames: int = 10, seed: int = 0
) -> np.ndarray:
    """Estimated minus true pose, (episodes, frames, 2) in m and rad, at poses met when balancing.

    Each episode has one draw of the camera's looks; the mean over its frames is the eyes' bias.
    """
    rng = np.random.default_rng(seed)
    drawn = {k: np.repeat(v, frames) for k, v in camera.draw(rng, episodes).items()}
    states = np.zeros((episodes * frames, 4))
    states[:, 0] = rng.uniform(-1.0, 1.0, len(states))
    states[:, 2] = rng.normal(0.0, 0.06, len(states))
    pictures = camera.show(states, drawn, np.full(len(states), 0.5), rng)
    return (eyes(pictures) - states[:, [0, 2]]).reshape(episodes, frames, 2)


@cache
def pose_controller(seed: int = 0) -> TrainedPolicy:
    """A controller that has never met eyes: trained on true poses with `EYE_ERRORS`, and stored."""
    world = PoseOnly(CartPolePhysics(action_delay=Choice((0, 1))), EYE_ERRORS)
    # More passes over the data than ROBUST_PPO makes: poses that err are hard to learn from, and
    # with fewer some seeds do not even balance on true poses.
    settings = ROBUST_PPO | {"world": world, "history": 10, "n_epochs": 8}
    return run_many(train_ppo, {"": settings}, [seed], progress=False)[""][0]


@dataclass(frozen=True)
class Trial:
    """Trained eyes and how they did, by name of camera."""

    eyes: Eyes
    errors: dict[str, np.ndarray]  # as `pose_errors` returns them
    returns: dict[str, np.ndarray]  # of each episode, as `evaluate` returns them


def trial(
    looks: Look,
    seed: int,
    *,
    cameras: Mapping[str, Camera],
    physics: CartPolePhysics | None = None,
    episodes: int = 8,
    frames: int = 20_000,
    augment: bool = False,
    progress: bool = True,
) -> Trial:
    """Train eyes, then let `pose_controller()` steer by them through each camera.

    With `augment`, pictures are `augmented`; with `episodes=0` nobody steers, and only the errors
    of the poses are measured. Made for `run_many`: everything given is part of its key.
    """
    change = augmented if augment else None
    eyes = train_eyes(looks, seed, frames=frames, augment=change, progress=progress)
    physics = physics or CartPolePhysics()
    errors, returns = {}, {}
    for name, camera in cameras.items():
        errors[name] = pose_errors(eyes, camera)
        if episodes:
            world = ThroughCamera(physics, camera, eyes)
            returns[name] = evaluate(pose_controller(), world, episodes)
    return Trial(eyes, errors, returns)
