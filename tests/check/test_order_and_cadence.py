"""Who is stepped, and when: in three forms that are wrong, and in many that are not."""

from __future__ import annotations

import pytest

MADE = "opt = SGD(model.parameters(), lr=0.1)\nsched = StepLR(opt, 3)\n"
NEVER = "sched-never-stepped"
BEFORE = "sched-before-optimizer"


@pytest.mark.parametrize(
    "code",
    [
        MADE + "for x in data:\n    opt.step()\n",
        (
            "def build():\n    opt = SGD(model.parameters(), lr=0.1)\n"
            "    return opt, StepLR(opt, 3)\n"
            "def fit(opt, sched):\n    opt.step()\n"
            "opt, sched = build()\nfit(opt, sched)\n"
        ),
        (
            "import torch.optim as O\nopt = O.Adam(model.parameters())\n"
            "sched = O.lr_scheduler.ExponentialLR(opt, gamma=0.9)\n"
            "scaler.step(opt)\nprint(sched.get_last_lr())\n"
            "torch.save(sched.state_dict(), 'x')\n"
        ),
    ],
)
def test_a_scheduler_that_nothing_steps_is_found(found, code):
    assert found(code) == [NEVER]


@pytest.mark.parametrize(
    "code",
    [
        MADE + "opt.step()\nsched.step()\n",
        MADE + "opt.step()\ntrainer = Trainer(optimizers=(opt, sched))\n",
        MADE
        + "opt, sched = accelerator.prepare(opt, sched)\nopt.step()\nsched.step()\n",
        MADE + "opt.step()\nparts = [sched]\n",
        MADE + "opt.step()\ntick = sched.step\n",
        MADE + "opt.step()\nrun(**{'sched': sched})\n",
        MADE + "opt.step()\nhook = lambda s=sched: s.step()\n",
        MADE + "opt.step()\nhook = lambda sched=sched: sched.step()\n",
        MADE + "opt.step()\nfor s in (sched,):\n    s.step()\n",
        MADE + "opt.step()\nexec('sched.step()')\n",
        MADE + "opt.step()\nboth = SequentialLR(opt, [sched], [])\nboth.step()\n",
        MADE + "opt.step()\ndef build():\n    return sched\n",
        MADE + "opt.step()\nif sched:\n    (sched or other).step()\n",
        MADE + "opt.step()\nlr = sched.get_lr()\n",
        MADE,  # nothing trains in this file
        (
            "opt = SGD(model.parameters(), lr=1)\n"
            "s = LambdaLR(opt, lambda e: 1.0)\nopt.step()\n"
        ),
        (
            "class Net(Base):\n    def build(self):\n"
            "        self.opt = SGD(self.parameters(), lr=1)\n"
            "        self.sched = StepLR(self.opt, 3)\n"
            "    def fit(self):\n        self.opt.step()\n"
        ),
        (
            "def configure_optimizers(self):\n    opt = SGD(model.parameters(), lr=1)\n"
            "    return [opt], [StepLR(opt, 3)]\nopt.step()\n"
        ),
    ],
)
def test_a_scheduler_that_something_may_step_is_left_alone(found, code):
    assert found(code) == []


def test_names_that_only_look_like_torch_are_left_alone(found):
    code = "from mine import SGD, StepLR\n" + MADE + "opt.step()\nsched.step(3)\n"
    assert found(code, head="import torch\nmodel = object()\n") == []


@pytest.mark.parametrize(
    "code",
    [
        MADE + "for x in data:\n    sched.step()\n    opt.step()\n",
        MADE + "def train():\n    for x in data:\n        opt.step()\n"
        "for epoch in range(3):\n    sched.step()\n    train()\n",
        (
            "class Run:\n    def __init__(self):\n"
            "        self.opt = torch.optim.AdamW(model.parameters())\n"
            "        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, 9)\n"
            "    def fit(self):\n        while True:\n            self.sched.step()\n"
            "            self.opt.step()\n"
        ),
    ],
)
def test_a_scheduler_that_goes_first_is_found(found, code):
    assert found(code) == [BEFORE]


@pytest.mark.parametrize(
    "code",
    [
        MADE + "for x in data:\n    opt.step()\n    sched.step()\n",
        MADE + "for x in data:\n    if x:\n        sched.step()\n    opt.step()\n",
        MADE + "opt.step()\nfor x in data:\n    sched.step()\n    opt.step()\n",
        MADE + "for x in data:\n    sched.step()\n    opt.step()\n    warm(opt)\n",
        MADE + "for x in data:\n    opt.step()\n    sched.step()\n    opt.step()\n",
        (
            "opt = SGD(model.parameters(), lr=1)\nsched = LambdaLR(opt, f)\n"
            "for x in data:\n    sched.step()\n    opt.step()\n"
        ),
        (
            "a, b = SGD(p, lr=1), SGD(q, lr=1)\nsched = StepLR(a, 3)\n"
            "for x in data:\n    a.step()\n    sched.step()\n    b.step()\n"
        ),
        (
            "opt = SGD(p, lr=1)\nsched = StepLR(opt, 3, last_epoch=7)\n"
            "for x in data:\n    sched.step()\n    opt.step()\n"
        ),
    ],
)
def test_an_order_that_is_right_or_unclear_is_left_alone(found, code):
    assert found(code) == []


LOAD = "opt.load_state_dict(c['o'])\n"
RESUME = "sched.load_state_dict(c['s'])\n"
OPT = "opt = SGD(model.parameters(), lr=0.1)\n"


@pytest.mark.parametrize(
    "code",
    [
        OPT + LOAD + "sched = LinearLR(opt)\n" + RESUME,
        (
            "def make(o):\n    return SequentialLR(o, [LinearLR(o), StepLR(o, 3)], [5])\n"
            "def main():\n    opt = SGD(model.parameters(), lr=0.1)\n"
            "    if c:\n        opt.load_state_dict(c['o'])\n    sched = make(opt)\n"
            "    if c:\n        sched.load_state_dict(c['s'])\nmain()\n"
        ),
        OPT + LOAD + "sched = get_linear_schedule_with_warmup(opt, 1, 9)\n" + RESUME,
        (
            "def other(opt):\n    sched = StepLR(opt, 3)\n    opt.step()\n"
            "    sched.step()\n"
            "def main():\n    opt = SGD(model.parameters(), lr=0.1)\n"
            "    opt.load_state_dict(c['o'])\n    sched = LinearLR(opt)\n"
            "    sched.load_state_dict(c['s'])\nmain()\n"
        ),
    ],
)
def test_a_scheduler_made_after_the_optimizer_was_loaded_is_found(found, code):
    assert found(code) == ["sched-built-after-optimizer-load"]


@pytest.mark.parametrize(
    "code",
    [
        OPT + "sched = LinearLR(opt)\n" + LOAD + RESUME,
        OPT + LOAD + "sched = CosineAnnealingLR(opt, 9)\n" + RESUME,
        OPT + LOAD + "sched = LinearLR(opt)\n",
        OPT + LOAD + "sched = LinearLR(opt)\n" + RESUME + LOAD,
        OPT + f"if c:\n    {LOAD}else:\n    sched = LinearLR(opt)\n    {RESUME}",
        OPT + LOAD + "sched = LinearLR(other)\n" + RESUME,
        OPT + "made = LinearLR(opt)\n" + LOAD + "sched = made\n" + RESUME,
        (
            "class Trainer:\n    def __init__(self, model):\n"
            "        self.opt = SGD(model.parameters(), lr=0.1)\n"
            "        sched = LinearLR(self.opt)\n        self.sched = sched\n"
            "    def fit(self):\n        self.opt.step()\n        self.sched.step()\n"
            "    def resume(self, c):\n        self.opt.load_state_dict(c['o'])\n"
            "        sched = self.sched\n        sched.load_state_dict(c['s'])\n"
            "t = Trainer(model)\nt.resume(c)\nt.fit()\n"
        ),
    ],
)
def test_a_resume_that_is_right_or_unclear_is_left_alone(found, code):
    assert found(code) == []


STARS = "from torch.optim import *\nfrom torch.optim.lr_scheduler import *\n"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (
            "from torch.optim import *\nfrom torch.optim.lr_scheduler import *\n",
            [NEVER],
        ),
        (STARS + "from math import *\nfrom torch.nn import *\n", [NEVER]),
        (STARS + "from mine import *\n", []),
        ("from .mine import *\n" + STARS, []),
        ("try:\n    from mine import *\nexcept ImportError:\n    pass\n" + STARS, []),
        (
            "from torch.optim import *\nfrom torch.optim.lr_scheduler import StepLR\n"
            * 2,
            [NEVER],
        ),
        ("from torch.optim import *\nfrom mine import *\n", []),
        (STARS + "class StepLR(StepLR):\n    pass\n", []),
    ],
)
def test_names_that_a_star_brings_are_known(found, head, says):
    head += "model = object()\n"
    assert found(MADE + "for x in data:\n    opt.step()\n", head=head) == says
