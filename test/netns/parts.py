"""Pieces of configuration that the tests in namespaces share."""

from harness.chains import TYPE, listener_filter, network_filter

HCM = TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = TYPE + "envoy.extensions.filters.http.router.v3.Router"
ORIGINAL = {"name": "original", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}


def tcp_to(cluster):
    return [network_filter({"tcp_proxy": {"stat_prefix": cluster, "cluster": cluster}})]


def answers(text):
    """HTTP, with an answer that tells which chain took the connection."""
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": text}}}
    manager = {"@type": HCM, "stat_prefix": "http", "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]},
               "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}]}
    return [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]


def listener(name, port, chains, filters=(), address="0.0.0.0", **more):
    """`chains`: lists of network filters, or pairs of a match and such a list."""
    made = [{"filters": one} if isinstance(one, list) else {"filter_chain_match": one[0], "filters": one[1]} for one in chains]
    return {"name": name, "address": {"socket_address": {"address": address, "port_value": port}}, "filter_chains": made,
            "listener_filters": [listener_filter(f) for f in filters], **more}


def static(name, address, port):
    endpoint = {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}
    return {"name": name, "type": "STATIC", "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}}
