"""The short forms in which a scenario writes filter chains, TLS, listener filters and network filters. README.md lists them."""

import copy

PARTS = {"tls", "chains", "default_chain", "listener_filters", "network_filters", "tcp"}
TYPE = "type.googleapis.com/"
TLS = TYPE + "envoy.extensions.transport_sockets.tls.v3."
NETWORK = {
    "connection_limit": "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
    "direct_response": "envoy.extensions.filters.network.direct_response.v3.Config",
    "echo": "envoy.extensions.filters.network.echo.v3.Echo",
    "local_ratelimit": "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
    "rbac": "envoy.extensions.filters.network.rbac.v3.RBAC",
    "sni_cluster": "envoy.extensions.filters.network.sni_cluster.v3.SniCluster",
    "set_filter_state": "envoy.extensions.filters.network.set_filter_state.v3.Config",
    "tcp_proxy": "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
}
LISTENER = {
    "http_inspector": "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    "local_ratelimit": "envoy.extensions.filters.listener.local_ratelimit.v3.LocalRateLimit",
    "original_dst": "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
    "original_src": "envoy.extensions.filters.listener.original_src.v3.OriginalSrc",
    "proxy_protocol": "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    "tls_inspector": "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
}


def merge(into, extra):
    """Maps merge key by key; anything else replaces; null removes."""
    for key, value in extra.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
    return into


def _entry(wanted, side, types):
    """'tls_inspector', {proxy_protocol: {fields}}, or a full entry."""
    if isinstance(wanted, dict) and "name" in wanted:
        return wanted
    short, fields = (wanted, {}) if isinstance(wanted, str) else next(iter(wanted.items()))
    return {"name": f"envoy.filters.{side}.{short}", "typed_config": {"@type": TYPE + types[short], **(fields or {})}}


def network_filter(wanted):
    return _entry(wanted, "network", NETWORK)


def listener_filter(wanted):
    return _entry(wanted, "listener", LISTENER)


def certificate(name):
    """A TlsCertificate of the files of `certs:`."""
    return {"certificate_chain": {"filename": f"${name}.crt"}, "private_key": {"filename": f"${name}.key"}}


def _common(wanted):
    """`certificate: name` (or a list of them) and `trusts: name` besides what CommonTlsContext knows."""
    common = copy.deepcopy(wanted.get("common_tls_context", {}))
    names = wanted.get("certificate", [])
    names = names if isinstance(names, list) else [names]
    if names:
        common["tls_certificates"] = [certificate(name) for name in names]
    if "trusts" in wanted:
        merge(common.setdefault("validation_context", {}), {"trusted_ca": {"filename": f"${wanted['trusts']}.crt"}})
    if "validation" in wanted:
        merge(common.setdefault("validation_context", {}), wanted["validation"])
    for key in ("alpn_protocols", "tls_params"):
        if key in wanted:
            common[key] = wanted[key]
    return common


SHORT = {"common_tls_context", "certificate", "trusts", "validation", "alpn_protocols", "tls_params"}


def _socket(kind, wanted, default):
    wanted = {**default, **(wanted or {})}
    fields = {key: value for key, value in wanted.items() if key not in SHORT}
    return {"name": "envoy.transport_sockets.tls",
            "typed_config": {"@type": TLS + kind, "common_tls_context": _common(wanted), **fields}}


def downstream_tls(wanted):
    """`tls:` of a listener or chain: fields of DownstreamTlsContext, and `certificate`, `trusts`, `validation`."""
    own = {} if "common_tls_context" in (wanted or {}) else {"certificate": "server"}
    return _socket("DownstreamTlsContext", wanted, own)


def upstream_tls(wanted):
    return _socket("UpstreamTlsContext", wanted, {})


def cluster(wanted):
    """`tls:` of a cluster becomes its transport socket."""
    if "tls" not in wanted:
        return wanted
    made = {key: value for key, value in wanted.items() if key != "tls"}
    return {**made, "transport_socket": upstream_tls(wanted["tls"])}


def _terminal(model, wanted, where):
    """The filter that ends a chain: a TCP proxy (`tcp`), or a copy of the first chain's last filter (with `http` merged)."""
    if "tcp" in wanted:
        fields = {"cluster": wanted["tcp"]} if isinstance(wanted["tcp"], str) else wanted["tcp"]
        return [network_filter({"tcp_proxy": {"stat_prefix": where, **fields}})]
    if "direct" in wanted:
        return [network_filter({"direct_response": {"response": {"inline_string": wanted["direct"]}}})]
    made = copy.deepcopy(model)
    if "http" in wanted:
        merge(made["typed_config"], wanted["http"] or {})
    if "answers" in wanted:  # an answer of its own tells which chain took the connection
        route = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": wanted["answers"]}}}
        made["typed_config"]["route_config"]["virtual_hosts"][0]["routes"] = [route]
    return [made]


def chain(model, wanted, where):
    known = {"match", "tls", "tcp", "http", "answers", "direct", "filters", "network_filters", "name", "more"}
    if set(wanted) - known:
        raise ValueError(f"a chain has no {sorted(set(wanted) - known)}; it has {sorted(known)}")
    made = {"filters": [network_filter(f) for f in wanted["filters"]] if "filters" in wanted else
            [network_filter(f) for f in wanted.get("network_filters", [])] + _terminal(model, wanted, where)}
    if "name" in wanted:
        made["name"] = wanted["name"]
    if "match" in wanted:
        made["filter_chain_match"] = wanted["match"]
    if "tls" in wanted:
        made["transport_socket"] = downstream_tls(wanted["tls"])
    return merge(made, wanted.get("more", {}))


def shape(listener, wanted):
    """Applies the short forms to a listener with one filter chain."""
    first = listener["filter_chains"][0]
    model = copy.deepcopy(first["filters"][-1])
    if "tcp" in wanted:
        merge(first["filters"][-1]["typed_config"], wanted["tcp"])
    if "network_filters" in wanted:
        first["filters"] = [network_filter(f) for f in wanted["network_filters"]] + first["filters"]
    if "tls" in wanted:
        first["transport_socket"] = downstream_tls(wanted["tls"])
    if "listener_filters" in wanted:
        listener["listener_filters"] = [listener_filter(f) for f in wanted["listener_filters"]]
    if "chains" in wanted:
        listener["filter_chains"] = [chain(model, one, "main") for one in wanted["chains"]]
    if "default_chain" in wanted:
        listener["default_filter_chain"] = chain(model, wanted["default_chain"], "main")


def like(main, name, wanted):
    """Another listener, like the first one before its short forms, but for name, port ($port.<name>), statistics, and what is wanted."""
    made = copy.deepcopy(main)
    made["name"] = name
    made["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": f"$port.{name}"}}
    for one in made["filter_chains"]:
        if "stat_prefix" in one["filters"][-1]["typed_config"]:
            one["filters"][-1]["typed_config"]["stat_prefix"] = name
    shape(made, wanted)
    return merge(made, wanted.get("listener", {}))
