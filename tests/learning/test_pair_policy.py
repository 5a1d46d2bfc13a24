"""A policy that scores (job, pool) pairs, against a slow version that loops over all of them."""

import io
import pickle

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from course_lib.learning import Random, SB3Adapter, TrainedPolicy, evaluate, record
from course_lib.learning.pair_policy import NEVER, PairNetwork, PairPolicy, comparisons
from course_lib.worlds import CLOUD, EDGE, HPC, Cluster, Gaps, Uniform
from course_lib.worlds.queue_view import CLUSTER, JOB, LARGEST, PAIR, Layout

CLUSTERS = {
    "HPC": Cluster(HPC, Gaps(1, 1, 1, 1, 0), jobs_per_node=2),
    "cloud": Cluster(CLOUD, Gaps(*[Uniform(0, 1)] * 4), jobs_per_node=2, visible=5),
    "edge": Cluster(EDGE, Gaps(*[Uniform(0, 1)] * 5), jobs_per_node=2, visible=9),
}
SMALL = CLUSTERS["cloud"]


def untrained(cluster=SMALL, spread=0.3, **settings):
    """A policy with random weights, large enough that its actions differ."""
    settings = {"layout": cluster.layout} | settings
    env = SB3Adapter(cluster.make(2))
    model = PPO(PairPolicy, env, 1e-3, seed=1, device="cpu", policy_kwargs=settings)
    with torch.no_grad():
        for weight in model.policy.parameters():
            weight.normal_(0, spread)
    return TrainedPolicy(model)


def decisions(cluster, most=150):
    """Some of the observations that a random scheduler had to decide on, (n, size)."""
    found = record(Random(cluster.layout), cluster, 4, seed=3)
    running = np.arange(len(found.observations))[:, None] < found.lengths
    seen = found.observations[running]
    return np.random.default_rng(0).permutation(seen)[:most]


@pytest.fixture(scope="module", params=CLUSTERS)
def case(request):
    """A policy with random weights, and observations for it."""
    cluster = CLUSTERS[request.param]
    return untrained(cluster), decisions(cluster)


@pytest.fixture(scope="module")
def small():
    return untrained(SMALL), decisions(SMALL)


def nets(policy):
    return policy.model.policy, policy.model.policy.mlp_extractor


def outputs(policy, seen):
    """The network's scores (n, actions) and values (n,)."""
    whole, net = nets(policy)
    with torch.no_grad():
        scores, means = net(torch.as_tensor(seen))
        return scores.numpy(), whole.value_net(means)[:, 0].numpy()


# The slow version


def through(layers, x):
    for layer in layers:
        if isinstance(layer, torch.nn.Linear):
            x = layer.weight.detach().numpy() @ x + layer.bias.detach().numpy()
        else:
            x = np.maximum(x, 0)
    return x


def slow(policy, seen):
    """Scores (actions,) and value of one observation."""
    whole, net = nets(policy)
    layout = net.layout
    view = layout.view(seen[None].astype(float))
    cluster = [np.log1p(getattr(view, name)[0]) for name in CLUSTER]
    ends = {}
    for m in range(layout.visible):
        for k in range(layout.pools):
            if view.able[0, m, k]:
                ends[m, k] = (view.wait[0, m, k] + view.run[0, m, k]) * view.size[0, m]
    acted, valued = [], []
    scores = np.full(layout.wait + 1, NEVER)
    for (m, k), end in ends.items():
        best_pool = min(e for (job, _), e in ends.items() if job == m)
        first_job = min(e for (_, pool), e in ends.items() if pool == k)
        pair = [getattr(view, name)[0, m, k] for name in PAIR]
        pair += [min(end / best_pool, LARGEST), min(end / first_job, LARGEST)]
        job = [getattr(view, name)[0, m] for name in JOB]
        features = np.concatenate([np.log1p(pair), np.log1p(job), cluster])
        acted.append(through(net.actor, features))
        valued.append(through(net.critic, features))
        if view.legal[0, m, k]:
            scores[m * layout.pools + k] = through([net.start], acted[-1])[0]
    if view.may_wait[0]:
        scores[-1] = through([net.wait], np.concatenate([np.mean(acted, axis=0), cluster]))[0]
    return scores, through([whole.value_net], np.concatenate([np.mean(valued, axis=0), cluster]))[0]


def test_scores_and_values_are_those_of_a_loop_over_all_pairs(case):
    policy, seen = case
    scores, values = outputs(policy, seen[:50])
    expected = [slow(policy, one) for one in seen[:50]]
    assert (scores > NEVER / 2).mean() > 0.02
    np.testing.assert_allclose(scores, [s for s, _ in expected], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(values, [v for _, v in expected], rtol=1e-4, atol=1e-4)


def test_comparisons_are_with_the_jobs_best_pool_and_with_the_pools_first_job():
    part = {name: torch.zeros(3, 2) for name in PAIR}  # three jobs (the last is none), two pools
    part["able"] = torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    part["run"] = torch.tensor([[1.0, 2.0], [0.0, 1.0], [0.0, 0.0]])
    part["wait"] = torch.tensor([[5.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    sizes = {name: torch.zeros(3) for name in JOB}
    sizes["size"] = torch.tensor([2.0, 0.001, 0.0])
    pair = torch.stack([part[name] for name in PAIR])[None]
    job = torch.stack([sizes[name] for name in JOB])[None]
    # Ends: 12 and 6; never and 0.001; never and never.
    of_job, of_pool = comparisons(pair, job)[0].numpy()
    np.testing.assert_allclose(of_job, [[2, 1], [LARGEST, 1], [LARGEST] * 2])
    np.testing.assert_allclose(of_pool, [[1, LARGEST], [LARGEST, 1], [LARGEST] * 2])


def test_a_job_that_ends_at_once_can_be_compared_with():
    pair, job = torch.zeros(1, len(PAIR), 2, 1), torch.zeros(1, len(JOB), 2)
    pair[0, list(PAIR).index("able")] = 1
    found = comparisons(pair, job)  # both end at 0
    assert (found == 1).all()


# What is legal


def test_what_is_illegal_is_never_chosen(case):
    policy, seen = case
    layout = policy.model.policy.layout
    legal = layout.legal(layout.view(seen))
    row = np.arange(len(seen))
    assert legal[row, policy(seen)].all()
    for _ in range(20):
        assert legal[row, policy.model.predict(seen, deterministic=False)[0]].all()
    scores, _ = outputs(policy, seen)
    np.testing.assert_array_equal(scores == NEVER, ~legal)
    assert len(np.unique(policy(seen))) > 3


@pytest.mark.parametrize("name", CLUSTERS)
def test_whole_episodes_can_be_scheduled(name):
    returns = evaluate(untrained(CLUSTERS[name]), CLUSTERS[name], 3)
    assert np.isfinite(returns).all()
    assert (returns < 0).all()


def test_probabilities_and_entropy_are_finite_and_only_of_what_is_legal(case):
    policy, seen = case
    layout = policy.model.policy.layout
    legal = layout.legal(layout.view(seen))
    tensors = torch.as_tensor(seen)
    with torch.no_grad():
        distribution = policy.model.policy.get_distribution(tensors)
        probability = distribution.distribution.probs.numpy()
        actions = distribution.sample()
        values, log_prob, entropy = policy.model.policy.evaluate_actions(tensors, actions)
    assert (probability[~legal] == 0).all()
    for found in (values, log_prob, entropy):
        assert torch.isfinite(found).all()
    assert (entropy.numpy() <= np.log(legal.sum(axis=1)) + 1e-5).all()
    chosen = probability[np.arange(len(seen)), actions.numpy()]
    np.testing.assert_allclose(np.exp(log_prob.numpy()), chosen, rtol=1e-4)


# The order does not matter


def permuted(layout, seen, jobs, pools):
    pair, job, cluster = layout.blocks(seen)
    pair, job = pair[:, :, jobs][..., pools], job[:, :, jobs]
    n = len(seen)
    return np.concatenate([pair.reshape(n, -1), job.reshape(n, -1), cluster], axis=1)


@pytest.mark.parametrize("of", ["jobs", "pools", "both"])
def test_another_order_of_jobs_or_pools_gives_the_same_scores_in_that_order(case, of):
    policy, seen = case
    layout, rng = policy.model.policy.layout, np.random.default_rng(5)
    jobs, pools = np.arange(layout.visible), np.arange(layout.pools)
    if of != "pools":
        jobs = rng.permutation(jobs)
    if of != "jobs":
        pools = np.roll(pools, 1)
    scores, values = outputs(policy, seen)
    found, values_too = outputs(policy, permuted(layout, seen, jobs, pools))
    starts = scores[:, :-1].reshape(-1, layout.visible, layout.pools)[:, jobs][..., pools]
    np.testing.assert_allclose(found[:, :-1], starts.reshape(len(seen), -1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[:, -1], scores[:, -1], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(values_too, values, rtol=1e-4, atol=1e-4)


def test_other_observations_of_a_batch_do_not_matter(case):
    policy, seen = case
    scores, values = outputs(policy, seen[:20])
    alone = [outputs(policy, one[None]) for one in seen[:20]]
    np.testing.assert_allclose(scores, np.concatenate([s for s, _ in alone]), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(values, np.concatenate([v for _, v in alone]), rtol=1e-4, atol=1e-4)


# An empty queue


def nothing_queued(layout, n=1):
    seen = np.zeros((n, layout.size), dtype=np.float32)
    seen[:, -len(CLUSTER) :] = [1.0, 0.0, 0.0, 0.0, 0.5]  # it may wait; half of all nodes are idle
    return seen


def test_with_an_empty_queue_it_waits_and_its_value_is_read_from_the_cluster(small):
    policy, seen = small
    whole, net = nets(policy)
    empty = nothing_queued(net.layout, 3)
    assert (policy(empty) == net.layout.wait).all()
    cluster = np.concatenate([np.zeros(32), np.log1p(empty[0, -len(CLUSTER) :])])
    scores, values = outputs(policy, empty)
    np.testing.assert_allclose(scores[:, -1], through([net.wait], cluster)[0], rtol=1e-4)
    np.testing.assert_allclose(values, through([whole.value_net], cluster)[0], rtol=1e-4)
    assert (scores[:, :-1] == NEVER).all()
    among = np.concatenate([seen[:2], empty[:1], seen[2:4]])
    np.testing.assert_allclose(outputs(policy, among)[1][2], values[0], rtol=1e-4)


def test_an_episode_that_is_over_does_no_harm(small):
    policy, _ = small
    over = np.zeros((2, SMALL.layout.size), dtype=np.float32)  # nothing is legal
    assert policy(over).shape == (2,)
    _, values = outputs(policy, over)
    assert np.isfinite(values).all()


# As a policy of Stable-Baselines3


def test_scores_alone_and_means_alone_are_the_same(case):
    policy, seen = case
    net, tensors = nets(policy)[1], torch.as_tensor(seen)
    scores, means = net(tensors)
    assert torch.equal(net.forward_actor(tensors), scores)
    assert torch.equal(net.forward_critic(tensors), means)
    assert scores.shape[1] == net.latent_dim_pi
    assert means.shape[1] == net.latent_dim_vf


def test_probabilities_are_the_softmax_of_the_scores(small):
    policy, seen = small
    found = policy.model.policy.get_distribution(torch.as_tensor(seen)).distribution.probs
    scores, _ = outputs(policy, seen)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-4, atol=1e-6)


def test_the_gradient_reaches_every_parameter_and_every_parameter_is_learned(case):
    policy, seen = case
    whole = policy.model.policy
    whole.zero_grad()
    tensors = torch.as_tensor(seen)
    values, log_prob, entropy = whole.evaluate_actions(tensors, torch.as_tensor(policy(seen)))
    (values.mean() + log_prob.mean() + entropy.mean()).backward()
    for name, weight in whole.named_parameters():
        assert weight.grad is not None and weight.grad.abs().sum() > 0, name
        assert torch.isfinite(weight.grad).all(), name
    (group,) = whole.optimizer.param_groups
    assert {id(p) for p in group["params"]} == {id(p) for p in whole.parameters()}
    assert group["lr"] == 1e-3


def test_actor_and_critic_share_nothing(small):
    policy, seen = small
    whole, net = nets(policy)
    whole.zero_grad()
    whole.predict_values(torch.as_tensor(seen)).sum().backward()
    for part in (net.actor, net.start, net.wait):
        assert all(p.grad is None or not p.grad.any() for p in part.parameters())


@pytest.mark.parametrize("settings", [{}, {"width": 8}])
def test_a_stored_policy_comes_back_the_same(settings):
    policy, seen = untrained(**settings), decisions(SMALL)
    saved, of_policy = io.BytesIO(), io.BytesIO()
    policy.model.save(saved)
    policy.model.policy.save(of_policy)
    for file in (saved, of_policy):
        file.seek(0)
    loaded = PPO.load(saved, device="cpu")
    copies = {
        "pickled": pickle.loads(pickle.dumps(policy)).model.policy,
        "saved": loaded.policy,
        "saved alone": PairPolicy.load(of_policy, device="cpu"),
    }
    expected = policy(seen)
    for name, copy in copies.items():
        found, _ = copy.predict(seen, deterministic=True)
        np.testing.assert_array_equal(found, expected, err_msg=name)
        assert copy.layout == SMALL.layout and copy.width == settings.get("width", 32)
    assert TrainedPolicy(loaded).fingerprint == policy.fingerprint
    assert pickle.loads(pickle.dumps(policy)).fingerprint == policy.fingerprint


# Sizes


def test_the_same_policy_schedules_16_nodes_and_128():
    one, many = (Cluster(HPC, Gaps(scale=scale), jobs_per_node=1) for scale in (0.0, 1.0))
    assert [cluster.largest.sum() for cluster in (one, many)] == [16, 128]
    policy = untrained(one)
    for cluster in (one, many):
        assert np.isfinite(evaluate(policy, cluster, 1)).all()


def test_the_same_weights_score_as_many_jobs_and_pools_as_there_are():
    few, many = PairNetwork(Layout(2, 3), 16), PairNetwork(Layout(7, 5), 16)
    many.load_state_dict(few.state_dict())
    sizes = [sum(p.numel() for p in net.parameters()) for net in (few, many)]
    assert sizes[0] == sizes[1] < 5_000
    seen = few.layout.pack(**{name: np.ones((1, 2, 3)) for name in PAIR},
                           **{name: np.ones((1, 2)) for name in JOB},
                           **{name: np.ones(1) for name in CLUSTER})  # fmt: skip
    empty = {name: np.zeros((1, 7, 5)) for name in PAIR} | {n: np.zeros((1, 7)) for n in JOB}
    for name in PAIR:
        empty[name][:, :2, :3] = 1
    for name in JOB:
        empty[name][:, :2] = 1
    wider = many.layout.pack(**empty, **{name: np.ones(1) for name in CLUSTER})
    with torch.no_grad():
        a, b = few(torch.as_tensor(seen)), many(torch.as_tensor(wider))
    scores = b[0][:, :-1].reshape(7, 5)[:2, :3].reshape(-1)
    torch.testing.assert_close(a[0][0, :-1], scores)
    torch.testing.assert_close(a[0][0, -1], b[0][0, -1])
    torch.testing.assert_close(a[1], b[1])


def test_the_fingerprint_tells_layouts_apart_that_have_the_same_weights():
    one, other = (untrained(Cluster(EDGE, visible=visible)) for visible in (4, 5))
    other.model.policy.load_state_dict(one.model.policy.state_dict())
    assert one.fingerprint != other.fingerprint


def test_observations_of_another_cluster_are_refused(small):
    policy, _ = small
    with pytest.raises(ValueError, match="[Oo]bservation"):
        policy(np.zeros((2, Cluster(HPC).layout.size), dtype=np.float32))
