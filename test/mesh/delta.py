"""A mesh over incremental xDS, as Istio's agent asks by itself."""

from mesh import setting
from stories import (  # noqa: F401
    test_access_log, test_agent_and_probes, test_authorization, test_authorization_of_connections, test_canary, test_everything_is_accepted,
    test_ingress_gateway, test_ingress_gateway_with_tls, test_istioctl_reads_the_configuration,
    test_istioctl_sees_the_proxies, test_pages_that_the_agent_reads, test_port_of_undeclared_protocol, test_request_through_both_sidecars,
    test_tcp_through_both_sidecars, test_without_certificate_nobody_gets_in)
from stories import test_drain  # noqa: F401  last: it ends a pod


def mesh(args):
    return setting(args)

