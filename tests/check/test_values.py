"""Numbers, lengths and groups that the source alone gives away."""

from __future__ import annotations

import pytest

OPT = "opt = SGD(model.parameters(), lr=0.1)\n"
GROUPS = "opt = SGD([{'params': a, 'lr': 1e-5}, dict(params=b, lr=1e-2)], lr=1)\n"
WRONG = {
    "milestones-never-hit-float": [
        "MultiStepLR(opt, [10.5, 20])",
        "MultiStepLR(opt, milestones=[r * N for r in (0.6, 0.85)])",
        "torch.optim.lr_scheduler.MultiStepLR(opt, (N / 4, N / 2))",
    ],
    "gamma-zero-typo": [
        "StepLR(opt, 3, 0)",
        "ExponentialLR(opt, gamma=0.0)",
        "MultiStepLR(opt, [3], CFG['gamma'])",
    ],
    "zero-length-warmup-sticks": [
        "LinearLR(opt, total_iters=0)",
        "ConstantLR(opt, 0.1, 0)",
        "ChainedScheduler([LinearLR(opt, 0.5, total_iters=0)])",
    ],
    "warmup-and-total-swapped": [
        "get_linear_schedule_with_warmup(opt, 10_000, 500)",
        "get_linear_schedule_with_warmup(opt, total_steps, warmup_steps)",
        (
            "get_linear_schedule_with_warmup(opt, num_warmup_steps=args.max_steps, "
            "num_training_steps=args.num_warmup_steps)"
        ),
    ],
    "closed-form-erases-chained": [
        "ChainedScheduler([ExponentialLR(opt, 0.9), LambdaLR(opt, f)])",
        "ChainedScheduler(schedulers=[LinearLR(opt), OneCycleLR(opt, 1, 9)])",
        "ChainedScheduler([warm, get_linear_schedule_with_warmup and LambdaLR(opt, f)])".replace(
            "get_linear_schedule_with_warmup and ", ""
        ),
    ],
}
RIGHT = {
    "milestones-never-hit-float": [
        "MultiStepLR(opt, [10, 20.0])",
        "MultiStepLR(opt, [int(0.6 * N), 0.5 * epochs])",
        "MultiStepLR(opt, [0.5 * 100])",
    ],
    "gamma-zero-typo": ["StepLR(opt, 3, 1)", "StepLR(opt, 3, g)", "StepLR(opt, 3, *r)"],
    "zero-length-warmup-sticks": [
        "LinearLR(opt, total_iters=w)",
        "LinearLR(opt, 1.0, total_iters=0)",
        "SequentialLR(opt, [LinearLR(opt, total_iters=0), StepLR(opt, 3)], [0])",
    ],
    "warmup-and-total-swapped": [
        "get_linear_schedule_with_warmup(opt, 500, 10_000)",
        "get_linear_schedule_with_warmup(opt, warmup_steps, total_steps)",
        "get_linear_schedule_with_warmup(opt, warmup_steps, total_without_warmup)",
        "get_linear_schedule_with_warmup(opt, 100, 100)",
    ],
    "closed-form-erases-chained": [
        "ChainedScheduler([LambdaLR(opt, f), ExponentialLR(opt, 0.9)])",
        "ChainedScheduler(parts)",
    ],
}
HEAD = "N = 18\nCFG = {'gamma': 0}\nwarm = LinearLR(opt)\n"


def cases(table):
    return [(name, code) for name, codes in table.items() for code in codes]


@pytest.mark.parametrize(("name", "code"), cases(WRONG))
def test_a_number_that_cannot_be_right_is_found(found, name, code):
    assert found(f"{OPT}{HEAD}s = {code}\nuse(s)\n") == [name]


@pytest.mark.parametrize(("name", "code"), cases(RIGHT))
def test_a_number_that_is_or_may_be_right_is_left_alone(found, name, code):
    assert found(f"{OPT}{HEAD}s = {code}\nuse(s)\n") == []


@pytest.mark.parametrize(
    "change",
    [
        "CFG['gamma'] = 0.1",
        "CFG.update(other)",
        "load(CFG)",
        "exec(open('configurator.py').read())",
        "CFG = read()",
        "globals().update(x)",
    ],
)
def test_a_number_that_may_change_is_not_known(found, change):
    assert (
        found(f"{OPT}{HEAD}{change}\ns = StepLR(opt, 3, CFG['gamma'])\nuse(s)\n") == []
    )


@pytest.mark.parametrize(
    "code",
    [
        "opt = SGD(model.parameters(), lr='1e-3')",
        "RATE = '1e-3'\nopt = torch.optim.AdamW(model.parameters(), RATE)",
        "opt = SGD([{'params': a, 'lr': '0.1'}], lr=1)",
    ],
)
def test_a_rate_that_is_a_text_is_found(found, code):
    assert found(code + "\n") == ["lr-is-a-string"]


@pytest.mark.parametrize(
    "code",
    [
        "opt = SGD(model.parameters(), lr=float('1e-3'))",
        "opt = SGD(model.parameters(), lr=cfg['lr'])",
        "opt = SGD([{'params': a, 'lr': 0.1, 'name': 'head'}])",
    ],
)
def test_a_rate_that_is_or_may_be_a_number_is_left_alone(found, code):
    assert found(code + "\n") == []


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("per-group-lr-collapsed", "OneCycleLR(opt, 0.1, 100)"),
        ("per-group-lr-collapsed", "OneCycleLR(opt, max_lr=R, total_steps=100)"),
        ("per-group-lr-collapsed", "CyclicLR(opt, 0.01, 0.1)"),
        ("absolute-floor-breaks-ratios", "CosineAnnealingLR(opt, 9, 1e-4)"),
        ("absolute-floor-breaks-ratios", "CosineAnnealingLR(opt, 9, eta_min=R / 100)"),
        (
            "absolute-floor-breaks-ratios",
            "CosineAnnealingWarmRestarts(opt, 9, 1, 1e-4)",
        ),
    ],
)
def test_a_scheduler_that_treats_unlike_groups_alike_is_found(found, name, made):
    assert found(f"{GROUPS}R = 0.1\ns = {made}\nuse(s)\n") == [name]


@pytest.mark.parametrize(
    "code",
    [
        GROUPS + "s = OneCycleLR(opt, [1e-4, 1e-2], 100)\nuse(s)\n",
        GROUPS + "s = CosineAnnealingLR(opt, 9, 1e-6)\nuse(s)\n",
        GROUPS + "s = OneCycleLR(opt, rates, 100)\nuse(s)\n",
        GROUPS.replace("1e-2", "1e-5") + "s = OneCycleLR(opt, 1, 100)\nuse(s)\n",
        (
            "g = [{'params': a, 'lr': 1e-5}, {'params': b}]\ng.append(more)\n"
            "opt = SGD(g, lr=1)\ns = CosineAnnealingLR(opt, 9, 1e-4)\nuse(s)\n"
        ),
        OPT + "s = CosineAnnealingLR(opt, 9, 0.5)\nuse(s)\n",
    ],
)
def test_groups_that_keep_their_rates_are_left_alone(found, code):
    assert found(code) == []


KEYED = "opt = SGD([{'params': a, 'lr_mult': 0.1}, {'params': b}], lr=1)\n"


@pytest.mark.parametrize(
    "code",
    [
        KEYED + "opt.step()\n",
        KEYED.replace("lr_mult", "learning_rate"),
        (
            "def groups():\n    return [dict(params=a, lr_scale=0.1)]\n"
            "opt = torch.optim.Adam(groups(), lr=1)\n"
        ),
    ],
)
def test_a_key_that_nobody_reads_is_found(found, code):
    assert found(code) == ["unknown-group-key"]


@pytest.mark.parametrize(
    "code",
    [
        KEYED + "for g in opt.param_groups:\n    g['lr'] *= g.get('lr_mult', 1)\n",
        KEYED + "adjust(opt)\n",
        KEYED + "adjust(opt.param_groups)\n",
        KEYED.replace("lr_mult", "weight_decay"),
        KEYED.replace("0.1", "1.0").replace("{'params': b}", "{'lr_mult': 1}"),
    ],
)
def test_a_key_that_may_be_read_is_left_alone(found, code):
    assert found(code) == []


@pytest.mark.parametrize(
    "code",
    [
        OPT + "opt.lr = 0.01\nopt.step()\n",
        OPT + "opt.defaults['lr'] = 0.01\n",
        (
            "class R:\n    def __init__(self):\n        self.o = SGD(p, lr=1)\n"
            "    def slow(self):\n        self.o.lr *= 0.1\n"
        ),
    ],
)
def test_a_rate_written_beside_the_groups_is_found(found, code):
    assert found(code) == ["lr-written-beside-the-groups"]


@pytest.mark.parametrize(
    "code",
    [
        OPT + "opt.param_groups[0]['lr'] = 0.01\n",
        OPT + "opt.lr = 0.01\nfor g in opt.param_groups:\n    g['lr'] = opt.lr\n",
        OPT + "opt.lr = 0.01\napply(opt)\n",
        OPT + "opt.defaults['lr'] = 0.01\nopt.add_param_group(g)\n",
        "class Mine(torch.optim.SGD):\n    lr = 1\nopt = Mine(p)\nopt.lr = 2\n",
    ],
)
def test_a_rate_that_may_be_read_again_is_left_alone(found, code):
    assert found(code) == []


LOOP = (
    OPT
    + "s = CosineAnnealingLR(opt, {})\nfor e in range({}):\n    opt.step()\n    s.step()\n"
)


@pytest.mark.parametrize(
    "code",
    [LOOP.format(20, 30), "T, E = 20, 30\n" + LOOP.format("T_max=T", "E")],
)
def test_a_cosine_that_climbs_back_is_found(found, code):
    assert found(code) == ["cosine-past-T_max-climbs-back"]


@pytest.mark.parametrize(
    "code",
    [
        LOOP.format(30, 30),
        LOOP.format(29, 30),
        LOOP.format(10, 30),
        LOOP.format(20, "n"),
        LOOP.format(20, 30) + "    if e > 19:\n        break\n",
        LOOP.format(20, 30).replace("    s.step()", "    if e < 20:\n        s.step()"),
    ],
)
def test_a_cosine_that_may_end_in_time_is_left_alone(found, code):
    assert found(code) == []
