"""How a scheduler is called: get_lr(), step(epoch), step() of a plateau."""

from __future__ import annotations

import pytest

HEAD = "from torch.optim import SGD\nfrom torch.optim.lr_scheduler import LambdaLR, OneCycleLR\n"
OPT = "opt = SGD(model.parameters(), lr=0.1)\n"
STEP = OPT + "sched = StepLR(opt, 3)\n"
PLATEAU = OPT + "sched = ReduceLROnPlateau(opt)\n"
FORMS = {
    "a name": STEP + "opt.step()\nsched.{}\n",
    "an alias": "import torch.optim.lr_scheduler as S\nfrom torch import optim\n"
    "opt = optim.Adam(model.parameters())\nsched = S.StepLR(opt, 2)\nsched.{}\n",
    "an attribute": "class R:\n    def __init__(self):\n"
    "        self.o = SGD(model.parameters(), lr=1)\n"
    "        self.s = StepLR(self.o, 3)\n    def go(self):\n        self.s.{}\n",
    "an argument": STEP + "def log(s):\n    return s.{}\nlog(sched)\n",
    "what a function returns": "def make(o):\n    return StepLR(o, 3)\n"
    + OPT
    + "s = make(opt)\ns.{}\n",
    "a name or None": OPT
    + "sched = StepLR(opt, 2) if cfg else None\nif sched is not None:\n    sched.{}\n",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("call", "name"),
    [("step(epoch)", "step-with-epoch-argument"), ("step(epoch=3)",) * 2],
)
def test_a_step_with_an_epoch_is_found_under_every_name(found, form, call, name):
    assert found(FORMS[form].format(call)) == ["step-with-epoch-argument"]


@pytest.mark.parametrize("form", FORMS)
def test_get_lr_is_found_under_every_name(found, form):
    code = FORMS[form].replace("sched.{}", "sched.step(); print(sched.{})")
    code = code.replace("self.s.{}", "self.s.step(); print(self.s.{})")
    code = code.replace("return s.{}", "s.step(); return s.{}")
    code = code.replace("\ns.{}", "\ns.step(); print(s.{})")
    code = code.replace("    sched.step();", "    sched.step();")
    assert "get_lr-used-for-reading" in found(code.format("get_lr()[0]"))


@pytest.mark.parametrize(
    "code",
    [
        STEP + "sched.step()\nsched.step(None)\n",
        STEP + "sched.step(*args)\n",
        PLATEAU + "sched.step(loss)\n",
        OPT + "s = CosineAnnealingWarmRestarts(opt, 3)\ns.step(epoch + i / n)\n",
        OPT + "s = StepLR(opt, 3) if a else ReduceLROnPlateau(opt)\ns.step(loss)\n",
        STEP + "def go(s):\n    if isinstance(s, ReduceLROnPlateau):\n"
        "        s.step(loss)\n    else:\n        s.step()\ngo(sched)\n",
        STEP + "sched = Wrapper(sched)\nsched.step(epoch)\n",
        STEP + "try:\n    sched.step(loss)\nexcept TypeError:\n    pass\n",
        "def go(sched):\n    sched.step(epoch)\n",
        "from timm.scheduler import StepLRScheduler\n"
        + OPT
        + "s = StepLRScheduler(opt, 3)\ns.step(epoch)\n",
    ],
)
def test_a_step_that_may_have_an_argument_is_left_alone(found, code):
    assert found(code) == []


@pytest.mark.parametrize(
    "code",
    [
        "def get_lr(it):\n    return 1\nlr = get_lr(3)\n",
        STEP + "opt.step()\nsched.step()\nsched.get_last_lr()\n",
        (
            "class Mine(LambdaLR):\n    def get_lr(self):\n        return [1]\n"
            "s = Mine(opt, f)\ns.get_lr()\n"
        ),
        STEP + "sched.last_epoch = 5\nprint(sched.get_lr())\nsched.step()\n",
        STEP + "class W:\n    def get_lr(self):\n        return sched.get_lr()\n"
        "sched.step()\n",
    ],
)
def test_a_get_lr_that_is_right_is_left_alone(found, code):
    assert found(code) == []


@pytest.mark.parametrize(
    "code",
    [
        PLATEAU + "for x in y:\n    opt.step()\n    sched.step()\n",
        "from torch.optim import lr_scheduler as L\n"
        + OPT
        + "s = L.ReduceLROnPlateau(opt, 'min')\ns.step()\n",
        PLATEAU + "def go(s):\n    s.step()\ngo(sched)\n",
    ],
)
def test_a_plateau_without_a_metric_is_found(found, code):
    assert found(code) == ["plateau-missing-metric"]


@pytest.mark.parametrize(
    "code",
    [
        PLATEAU + "sched.step(loss)\n",
        PLATEAU + "sched.step(metrics=loss)\n",
        PLATEAU + "if metric:\n    sched.step(loss)\nelse:\n    sched.step()\n",
        PLATEAU + "sched = Watching(sched)\nsched.step()\n",
        PLATEAU + "with pytest.raises(TypeError):\n    sched.step()\n",
        OPT + "s = ReduceLROnPlateau(opt) if a else StepLR(opt, 3)\ns.step()\n",
    ],
)
def test_a_plateau_that_may_have_its_metric_is_left_alone(found, code):
    assert found(code) == []


CLASS = """
class R:
    def __init__(self):
        self.o = SGD(model.parameters(), lr=1)
        self.s = StepLR(self.o, 3)
    def go(self):
        self.s.step(epoch)
"""


@pytest.mark.parametrize(
    "more",
    [
        "class S(R):\n    def build(self):\n        self.s = Other()\n",
        "R().s = Other()\n",
        "setattr(R(), name, Other())\n",
    ],
)
def test_an_attribute_that_others_may_bind_is_not_known(found, more):
    assert found(CLASS) == ["step-with-epoch-argument"]
    assert found(CLASS + more) == []


@pytest.mark.parametrize("made", ["LambdaLR(opt, f)", "OneCycleLR(opt, 1, 9)"])
@pytest.mark.parametrize("call", ["step(3)", "get_lr()"])
def test_where_the_number_is_right_it_is_said_without_weight(made, call):
    from lrscope.check.check import check_source
    from lrscope.check.source import source_of

    code = f"{HEAD}{OPT}s = {made}\ns.step(2)\nprint(s.{call})\n"
    findings, _ = check_source(source_of(code))
    assert findings
    assert {str(each.severity) for each in findings} == {"info"}
