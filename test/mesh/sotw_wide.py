"""The same over state-of-the-world xDS."""

from mesh import setting
from stories import test_everything_is_accepted, test_request_through_both_sidecars  # noqa: F401


def mesh(args):
    return setting(args, config=("base", "wide"), delta=False)
