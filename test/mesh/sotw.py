"""A mesh over state-of-the-world xDS."""

from mesh import setting
from stories import (  # noqa: F401
    test_authorization, test_canary, test_everything_is_accepted, test_ingress_gateway_with_tls, test_request_through_both_sidecars,
    test_tcp_through_both_sidecars)


def mesh(args):
    return setting(args, delta=False)
