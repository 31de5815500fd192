"""An error is stated where the sample can know it; elsewhere it is unknown, never 0."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, AdamW

import lrscope
from lrscope.capture.effective import drawing
from lrscope.cli.main import main

from .oracle import Oracle

DRAWINGS = 8
"""Of each training: what is uncertain is which blocks were drawn."""

STEPS = 12

WORDS = 4000


def layers():
    model = nn.Sequential(nn.Linear(300, 300), nn.Tanh(), nn.Linear(300, 300))
    return model, lambda: model(torch.randn(8, 300)).square().mean()


def embedding(power=1, size=64):
    """Return an embedding alone; with a higher power some words are much used."""
    table = nn.Embedding(8000, 32)
    return (
        table,
        lambda: table((torch.rand(size).pow(power) * 8000).long()).square().sum(),
    )


def language(*, tied=False, size=128):
    table, hidden, output = (
        nn.Embedding(WORDS, 48),
        nn.Linear(48, 48),
        nn.Linear(48, WORDS),
    )
    if tied:
        output.weight = table.weight

    def loss():
        words = (WORDS * torch.rand(size).pow(3)).long()
        return cross_entropy(output(hidden(table(words)).tanh()), words * 7 % WORDS)

    return nn.ModuleList([table, hidden, output]), loss


TRAININGS = {
    "layers": layers,
    "tied": lambda: language(tied=True),
    "untied": language,
    "untied, large batches": lambda: language(size=1024),
    "embedding": embedding,
    "much used words": lambda: embedding(4, 256),
    "much used words, large batches": lambda: embedding(4, 4000),
}


def drawn(folder, monkeypatch, training, kind, seed, **settings):
    """Train with other blocks drawn; return what was measured, and the truth."""
    monkeypatch.setattr(drawing, "SEED", 100 + 1000 * seed)
    torch.manual_seed(seed)
    model, loss = TRAININGS[training]()
    optimizer = kind(model.parameters(), lr=1e-3, **settings)
    oracle = Oracle(optimizer)
    with lrscope.record(folder / str(seed), effective="every=1"):
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss().backward()
            with oracle.looking():
                optimizer.step()
    decay = 1e-5 if kind is AdamW else 0.0
    sums = [each for (each,) in oracle.steps]
    rates = [
        -(each["moved_gradient"] + decay * each["gradient_weight"])
        / each["gradient_gradient"]
        for each in sums
    ]
    ratios = [np.sqrt(each["moved_moved"] / each["weight_weight"]) for each in sums]
    found = lrscope.read_run(folder / str(seed)).main.tracks[0].measured
    return found, np.array(rates), np.array(ratios)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "settings"), [(AdamW, {}), (SGD, {"momentum": 0.9})], ids=["adamw", "sgd"]
)
@pytest.mark.parametrize("training", TRAININGS)
def test_of_100_steps_with_a_stated_error_95_are_held(
    tmp_path, monkeypatch, training, kind, settings
):
    stated, seen, held = [], [], {"effective": [], "update_to_weight": []}
    for seed in range(DRAWINGS):
        found, rates, ratios = drawn(
            tmp_path, monkeypatch, training, kind, seed, **settings
        )
        for name, truth in (("effective", rates), ("update_to_weight", ratios)):
            value, error = getattr(found, name), getattr(found, f"{name}_error")
            assert not (error == 0).any(), "a sample is never exact"
            known = np.isfinite(value) & np.isfinite(error)
            held[name] += (abs(value - truth) <= error)[known].tolist()
            if name == "effective":
                stated += known.tolist()
                seen += (error / value)[known].tolist()
    for name, each in held.items():
        assert not each or np.mean(each) >= 0.95, (name, np.mean(each), len(each))
    if training == "layers":  # and not because nothing is stated, or just wide
        assert np.mean(stated) > 0.9
        assert np.median(seen) < 0.1
    if training not in ("layers", "tied"):
        assert not any(stated)


def test_frozen_parameters_leave_the_error_known(measured):
    def run():
        torch.manual_seed(0)
        body = nn.Linear(400, 400)
        head = nn.Linear(400, 200)
        optimizer = AdamW([*body.parameters(), *head.parameters()], lr=1e-3)
        oracle = Oracle(optimizer)
        for index in range(20):
            body.requires_grad_(index >= 10)
            optimizer.zero_grad()
            loss = head(body(torch.randn(64, 400)).tanh()).square().mean()
            loss.backward()
            with oracle.looking():
                optimizer.step()
        return [each for (each,) in oracle.steps]

    sums, run = measured(run)
    found = run.track("all").measured
    rates = [-each["moved_gradient"] / each["gradient_gradient"] for each in sums]
    ratios = [np.sqrt(each["moved_moved"] / each["weight_weight"]) for each in sums]
    assert np.isfinite(found.effective_error).all()
    assert np.isfinite(found.update_to_weight_error).all()
    held = abs(found.effective - rates) <= found.effective_error + 1e-5 * abs(
        found.effective
    )
    assert held.mean() >= 0.9
    held = abs(found.update_to_weight - ratios) <= found.update_to_weight_error
    assert held.mean() >= 0.9


def test_what_a_sample_met_in_one_row_alone_has_no_known_error(measured):
    def run():
        torch.manual_seed(0)
        table = nn.Embedding(50_000, 64)
        optimizer = AdamW(table.parameters(), lr=1e-3)
        for _ in range(30):
            optimizer.zero_grad()
            table(torch.randint(0, 2000, (32,))).square().sum().backward()
            optimizer.step()

    _, run = measured(run)
    found = run.track("all").measured
    met = np.isfinite(found.effective)
    assert met.any()
    assert np.isnan(found.effective_error).all()
    [at, *_] = found.steps[met].tolist()
    words = ["show", str(run.path), "--steps", f"{at}:{at + 1}"]
    told = CliRunner().invoke(main, words).stdout
    assert f"{found.effective[at]:.2e} ± unknown" in told
    plain = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert plain["rows"][0]["movement"]["error"] is None


def test_a_sampled_tensor_that_was_missed_is_not_exact_beside_a_whole_one(measured):
    """The sums over the small tensor are exact; of the large one nothing is known."""

    def run():
        table, rest = nn.Parameter(torch.ones(100_000)), nn.Parameter(torch.ones(9))
        optimizer = SGD([table, rest], lr=0.1)
        for _ in range(3):
            table.grad, rest.grad = torch.zeros(100_000), torch.ones(9)
            table.grad[7] = 1.0
            optimizer.step()

    _, run = measured(run)
    found = run.track("all").measured
    assert np.isfinite(found.effective).all()
    assert np.isnan(found.effective_error).all()


def test_where_all_is_alike_the_error_is_0_and_where_all_is_looked_at(measured):
    def run(size):
        weight = nn.Parameter(torch.zeros(size, dtype=torch.float64))
        optimizer = SGD([weight], lr=0.1)
        for _ in range(3):
            weight.grad = torch.ones(size, dtype=torch.float64)
            optimizer.step()

    for size in (100, 100_000):
        _, recording = measured(run, size)
        found = recording.track("all").measured
        np.testing.assert_allclose(found.effective_error, 0.0, atol=1e-12)
        np.testing.assert_allclose(found.effective, 0.1)
