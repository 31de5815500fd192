"""Bootstrap: loads the recorder in a child process when it imports torch.optim.

``lrscope run`` puts this folder at the front of PYTHONPATH, so that Python's
``site`` imports this file at start-up. It must be quick, must not change what the
program sees, and must run on any Python 3: it imports nothing that Python has not
loaded by now, and hands over to the ``sitecustomize`` that it hides, if any.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.dirname(os.path.dirname(HERE))
WATCHED = (
    "torch.optim",
    "torch.amp.grad_scaler",
    "torch.cuda.graphs",
    "torch.accelerator.graphs",
    "torch.xpu.graphs",
    "torch.utils.data.dataloader",
    "torch.nn.parallel.distributed",
    "torch.distributed.fsdp.fully_sharded_data_parallel",
    "timm.scheduler.scheduler",
    "transformers.optimization",
)


class Finder:
    """Supplies the lrscope package and tells the recorder when torch's modules load."""

    failed = False
    loaded = False  # torch.optim, and the recorder with it

    def find_spec(self, name, path=None, target=None):
        """Return a spec for what concerns us, None for everything else."""
        if name == "lrscope":
            from importlib.machinery import PathFinder

            return PathFinder.find_spec(name, [os.path.dirname(PACKAGE)])
        if name not in WATCHED or Finder.failed:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    if hasattr(spec.loader, "exec_module"):
                        spec.loader = Loader(spec.loader)
                    return spec
        return None


class Loader:
    """Loads a module as its own loader would, then tells the recorder."""

    def __init__(self, loader):
        self.loader = loader

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        if module.__name__ == WATCHED[0]:
            Finder.loaded = True
        if Finder.failed or not Finder.loaded:
            return
        try:
            from lrscope.capture.start import module_loaded

            module_loaded(module.__name__, module)
        except Exception as error:
            Finder.failed = True
            sys.stderr.write("lrscope: not recording this process: %r\n" % (error,))


def hand_over():
    """Run the sitecustomize that this one hides; say "there is none" if so."""
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != HERE]
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None:
        # site takes this for a machine without a sitecustomize
        raise ImportError("no other sitecustomize", name="sitecustomize")
    from importlib.util import module_from_spec

    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if sys.version_info >= (3, 9) and os.environ.get("LRSCOPE_RUN"):
    sys.meta_path.insert(0, Finder())
hand_over()
