from dataclasses import replace

import numpy as np
import pytest

from course_lib.learning import PD, LinearPolicy, RandomPolicy, evaluate, lqr, record
from course_lib.worlds import CartPole, CartPolePhysics, Uniform
from course_lib.worlds.cartpole import TIME_STEP

NOMINAL = CartPolePhysics()
HEAVY = CartPolePhysics(gravity=12.0, cart_mass=2.0, pole_mass=0.8, pole_half_length=0.9)


def rates_of_change(physics, states, force):
    """Time derivative of states (n, 4) under one force; exact, as the simulator's step is Euler."""
    env = CartPole(len(states), replace(physics, force=abs(force)), autoreset=False)
    env.reset(options={"state": states})
    env.step(np.full(len(states), int(force > 0)))
    return (env.state - states) / TIME_STEP


def linearised(physics):
    """The matrices of x' = A x + B u about upright, by central differences."""
    h = 1e-5
    without_force = rates_of_change(physics, np.vstack([h * np.eye(4), -h * np.eye(4)]), 0.0)
    A = ((without_force[:4] - without_force[4:]) / (2 * h)).T
    upright = np.zeros((1, 4))
    pushed = [rates_of_change(physics, upright, force)[0] for force in (h, -h)]
    return A, (pushed[0] - pushed[1])[:, None] / (2 * h)


def riccati_gains(A, B, Q, R):
    """The optimal gains from the stable half of the Hamiltonian's eigenvectors."""
    hamiltonian = np.block([[A, -B @ np.linalg.solve(R, B.T)], [-Q, -A.T]])
    values, vectors = np.linalg.eig(hamiltonian)
    stable = vectors[:, values.real < 0]
    cost = (stable[4:] @ np.linalg.inv(stable[:4])).real
    return -np.linalg.solve(R, B.T @ cost)[0]


@pytest.mark.parametrize("physics", [NOMINAL, HEAVY])
def test_lqr_gains_are_those_of_the_simulators_own_linearisation(physics):
    expected = riccati_gains(
        *linearised(physics), Q=np.diag([1.0, 0.1, 10.0, 0.1]), R=np.array([[0.01]])
    )
    np.testing.assert_allclose(lqr(physics).gains, expected, rtol=1e-5)


@pytest.mark.parametrize("physics", [NOMINAL, HEAVY])
def test_lqr_makes_the_linearised_pole_stable(physics):
    A, B = linearised(physics)
    assert np.linalg.eigvals(A).real.max() > 1
    assert np.linalg.eigvals(A + B * lqr(physics).gains).real.max() < 0


@pytest.mark.parametrize("policy", [lqr(), PD], ids=["LQR", "PD"])
def test_a_controller_balances_the_nominal_pole_to_the_end(policy):
    assert (evaluate(policy, NOMINAL, 100) == 500).all()


def test_lqr_without_physics_is_for_the_nominal_one():
    assert lqr() == lqr(NOMINAL) != lqr(HEAVY)


def test_lqr_returns_to_the_middle_of_the_rail_and_pd_does_not_care():
    last = {}
    for name, policy in {"lqr": lqr(), "pd": PD}.items():
        env = CartPole(1, autoreset=False)
        seen, _ = env.reset(options={"state": [1.0, 0.0, 0.0, 0.0]})
        for _ in range(500):
            seen, *_ = env.step(policy(seen))
        last[name] = abs(env.state[0, 0])
    assert last["lqr"] < 0.2 < last["pd"]


def test_a_random_policy_is_bad():
    assert evaluate(RandomPolicy(), NOMINAL, 200).mean() < 50


def test_lqr_refuses_a_distribution():
    with pytest.raises(TypeError, match="lqr needs one machine"):
        lqr(replace(NOMINAL, cart_mass=Uniform(0.5, 1.5)))


def test_a_linear_policy_pushes_right_where_its_gains_say_so():
    policy = LinearPolicy((1.0, 0.0, -2.0, 0.0))
    observations = np.array([[1.0, 0, 0, 0], [-1.0, 0, 0, 0], [0, 0, 1.0, 0], [3.0, 9, 1, 9]])
    assert policy(observations).tolist() == [1, 0, 0, 1]


def test_a_random_policy_tosses_a_fair_coin_anew_at_each_call():
    policy = RandomPolicy(seed=1)
    tosses = np.array([policy(np.zeros((500, 4))) for _ in range(20)])
    assert set(tosses.ravel()) == {0, 1}
    assert tosses.mean() == pytest.approx(0.5, abs=0.025)
    assert not np.array_equal(tosses[0], tosses[1])


def test_random_policies_of_one_seed_toss_alike():
    runs = [record(RandomPolicy(seed), NOMINAL, 5).actions[:8] for seed in (3, 3, 4)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
