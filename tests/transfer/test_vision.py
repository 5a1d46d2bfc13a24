"""Eyes learn, deterministically, and what explains them is right."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.transfer import vision
from course_lib.transfer.vision import (
    Eyes,
    PoseMap,
    augmented,
    batches,
    pose_errors,
    saliency,
    shared,
    some_states,
    standardised,
    train_eyes,
    trial,
)
from course_lib.worlds.camera import HEIGHT, WIDTH, SimulatedCamera, render
from course_lib.worlds.looks import HELD_OUT, RANDOM_LOOKS, Look

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def nominal_eyes():
    return train_eyes(Look(), 0, frames=5_000, progress=False)


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    return render(some_states(rng, 8), RANDOM_LOOKS.sample(rng, 8), rng)


# The network


def test_sharing_a_value_among_grid_points_loses_nothing():
    grid = torch.linspace(-0.35, 0.35, 15)
    values = torch.tensor([[-0.35], [-0.111], [0.0], [0.2], [0.35]])
    shares = shared(values, grid)
    torch.testing.assert_close(shares @ grid, values[:, 0])
    torch.testing.assert_close(shares.sum(1), torch.ones(5))
    assert ((shares > 1e-5).sum(1) <= 2).all()


def test_a_value_off_the_grid_goes_to_its_end():
    shares = shared(torch.tensor([[9.0]]), torch.linspace(-1, 1, 3))
    torch.testing.assert_close(shares, torch.tensor([[0.0, 0.0, 1.0]]))


def test_the_pose_is_the_maps_centre_of_mass(monkeypatch):
    net = PoseMap()
    scores = torch.full((1, 15, WIDTH // 4), -1e9)
    scores[0, 12, 3] = scores[0, 10, 3] = 0.0
    monkeypatch.setattr(net, "scores", lambda pictures: scores)
    expected = torch.stack([net.places[3], net.angles[11]])
    torch.testing.assert_close(net(None)[0], expected)


def test_the_loss_is_less_at_the_truth_than_at_a_distance(monkeypatch):
    net = PoseMap()
    truth = torch.tensor([[0.4, -0.03]])
    best = shared(truth[:, 1:], net.angles)[:, :, None] * shared(truth[:, :1], net.places)[:, None]
    monkeypatch.setattr(net, "scores", lambda pictures: torch.log(best + 1e-9))
    at_truth = net.loss(None, truth)
    for wrong in ([0.4, 0.03], [0.0, -0.03], [0.4, -0.12]):
        assert net.loss(None, torch.tensor([wrong])) > at_truth


def test_pictures_are_standardised_one_by_one(pictures):
    x = standardised(torch.from_numpy(pictures))
    assert x.shape == (8, 3, HEIGHT, WIDTH)
    np.testing.assert_allclose(x.mean((1, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(x.std((1, 2, 3)), 1, atol=0.05)
    assert (standardised(torch.full((1, HEIGHT, WIDTH, 3), 77)) == 0).all()


# Training


def test_eyes_learn_their_own_look_and_not_another(nominal_eyes):
    def angle_error(look):
        return np.abs(pose_errors(nominal_eyes, SimulatedCamera(look))[..., 1]).mean()

    assert angle_error(Look()) < 0.012
    assert angle_error(HELD_OUT["disco"]) > 0.03


def test_same_seed_same_eyes_even_after_pickling(pictures):
    first, again, other = (
        train_eyes(RANDOM_LOOKS, seed, frames=320, augment=augmented, progress=False)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first(pictures), again(pictures))
    np.testing.assert_array_equal(first(pictures), pickle.loads(pickle.dumps(first))(pictures))
    assert (first(pictures) != other(pictures)).all()


def test_training_pictures_belong_to_their_poses(nominal_eyes):
    shown, poses = next(batches(Look(), np.random.default_rng(5)))
    errors = nominal_eyes(shown) - poses
    assert np.abs(errors).mean(0) == pytest.approx([0, 0], abs=0.05)
    assert len(set(poses[:, 0].tolist())) == len(poses)


def test_a_mirrored_picture_has_the_reversed_pose(nominal_eyes, pictures):
    mirrored = np.ascontiguousarray(pictures[:, :, ::-1])
    np.testing.assert_allclose(nominal_eyes(mirrored), -nominal_eyes(pictures), atol=1e-5)


def test_many_pictures_are_seen_as_one_by_one(nominal_eyes, pictures):
    many = np.tile(pictures, (40, 1, 1, 1))
    np.testing.assert_allclose(nominal_eyes(many)[-8:], nominal_eyes(pictures), atol=1e-4)


def test_augmentation_disturbs_a_copy_and_leaves_half_of_the_colours():
    shape = (64, HEIGHT, WIDTH, 3)
    original = np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)
    before, poses = original.copy(), np.arange(128.0).reshape(64, 2)
    (first, same_poses), (again, _) = (
        augmented(original, poses, np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(original, before)
    np.testing.assert_array_equal(same_poses, poses)
    same = np.abs(first - original).max(-1) < 1e-3  # (n, H, W)
    kept = same.mean((1, 2)) > 0.9
    assert 20 < kept.sum() < 44
    assert not same.all((1, 2)).any(), "every picture has a box"


# What the eyes look at


def test_saliency_is_the_slope_of_the_angle(pictures):
    torch.manual_seed(0)
    eyes = Eyes(nn.Sequential(nn.Flatten(), nn.Linear(3 * HEIGHT * WIDTH, 2)).double())
    picture = pictures[0]

    def angle(p):
        with torch.no_grad():
            x = standardised(torch.from_numpy(p)[None]).double()
            return eyes.net(x)[0, 1].item()

    eyes.net.insert(0, AsDouble())
    slopes = saliency(eyes, picture)
    assert slopes.shape == (HEIGHT, WIDTH)
    for row, column in ((3, 5), (20, 50), (31, 99)):
        changes = []
        for channel in range(3):
            up, down = picture.astype(np.float64), picture.astype(np.float64)
            up[row, column, channel] += 4
            down[row, column, channel] -= 4
            changes.append(abs(angle(up) - angle(down)) / 8)
        assert slopes[row, column] == pytest.approx(sum(changes), rel=0.05)


class AsDouble(nn.Module):
    def forward(self, x):
        return x.double()


def test_trained_eyes_look_at_the_pole(nominal_eyes):
    rng = np.random.default_rng(0)
    state = np.array([[0.8, 0.0, 0.05, 0.0]])
    slopes = saliency(nominal_eyes, render(state, Look().sample(rng, 1), rng)[0])
    near = slopes[:, 55:75]  # 20 of 100 columns
    assert near.sum() > 0.8 * slopes.sum()


# In the loop


def test_a_trial_reports_errors_and_returns_for_every_camera(monkeypatch):
    monkeypatch.setattr(vision, "pose_controller", lambda: lambda seen: np.ones(len(seen), int))
    cameras = {"nominal": SimulatedCamera(), "random": SimulatedCamera(RANDOM_LOOKS)}
    result = trial(Look(), 0, cameras=cameras, episodes=3, frames=320, progress=False)
    assert result.errors["random"].shape == (20, 10, 2)
    assert [r.shape for r in result.returns.values()] == [(3,), (3,)]
    # A cart that is always pushed right falls soon, whatever is seen.
    assert 7 <= result.returns["nominal"].mean() <= 12


def test_a_trial_without_episodes_measures_errors_only():
    result = trial(
        Look(), 0, cameras={"nominal": SimulatedCamera()}, episodes=0, frames=320, progress=False
    )
    assert result.returns == {}
    assert list(result.errors) == ["nominal"]
