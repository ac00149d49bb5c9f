"""The bootstrap of a scenario with `xds:`, and the short forms in which it writes resources. README.md lists both."""

import copy

import yaml

from . import chains, config
from .any_of import TYPE, any_of
from .chains import merge
from .match import Mismatch
from .xds_server import resource

KEYS = {"modes", "transport", "unix", "tls", "client_tls", "keeps", "grpc", "ads", "resources", "starts", "listening", "cluster", "source"}
TYPES = {
    "cds": "envoy.config.cluster.v3.Cluster",
    "eds": "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "lds": "envoy.config.listener.v3.Listener",
    "rds": "envoy.config.route.v3.RouteConfiguration",
    "srds": "envoy.config.route.v3.ScopedRouteConfiguration",
    "vhds": "envoy.config.route.v3.VirtualHost",
    "sds": "envoy.extensions.transport_sockets.tls.v3.Secret",
    "rtds": "envoy.service.runtime.v3.Runtime",
    "ecds": "envoy.config.core.v3.TypedExtensionConfig",
}
# What says of itself how it is called; of the rest it is `name`.
NAME_FIELD = {"eds": "cluster_name"}
OPTIONS = {"version", "ttl", "aliases"}  # of a resource, beside what it consists of


def grpc_source(spec, mode):
    return merge({"api_type": "DELTA_GRPC" if mode == "delta" else "GRPC", "transport_api_version": "V3",
                  "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}]}, spec.get("grpc", {}))


def source(spec, mode, **more):
    """The ConfigSource of a scenario's resources."""
    way = {"ads": {}} if spec.get("transport", "ads") == "ads" else {"api_config_source": grpc_source(spec, mode)}
    return merge({**way, "resource_api_version": "V3", **more}, spec.get("source", {}))


def names(spec, mode, server):
    """$xds and its kin: where resources come from."""
    return {"xds": source(spec, mode), "xds.impatient": source(spec, mode, initial_fetch_timeout="0.3s"),
            "xds.patient": source(spec, mode, initial_fetch_timeout="0s"), "xds.port": server.port or "",
            "xds.api": "DELTA_GRPC" if mode == "delta" else "GRPC"}


def bootstrap(tree, spec, mode, server, substitutes):
    """Adds the management server to a bootstrap; what it is to send is taken out."""
    static = tree["static_resources"]
    for part in ("listeners", "clusters"):
        if part not in spec.get("keeps", []):
            static[part] = []
    address = {"pipe": {"path": server.path}} if server.path else {"socket_address": {"address": "127.0.0.1", "port_value": server.port}}
    cluster = {
        "name": "xds", "type": "STATIC", "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]},
        "typed_extension_protocol_options": {config.PROTOCOL_OPTIONS: {
            "@type": TYPE + config.PROTOCOL_OPTIONS, "explicit_http_config": {"http2_protocol_options": {}}}}}
    if "client_tls" in spec or "tls" in spec:
        cluster["transport_socket"] = chains.upstream_tls({"trusts": "ca", **spec.get("client_tls", {})})
    static["clusters"].append(config.substitute(merge(cluster, spec.get("cluster", {})), substitutes))
    own = tree.pop("dynamic_resources", {})
    made = {"cds_config": source(spec, mode), "lds_config": source(spec, mode)}
    if spec.get("transport", "ads") == "ads":
        made["ads_config"] = merge(grpc_source(spec, mode), spec.get("ads", {}))
    tree["dynamic_resources"] = config.substitute(merge(made, own), substitutes)
    return tree


class Forms:
    """Resources from their short forms."""

    def __init__(self, upstreams, substitutes, port):
        """`port(name)` is the port that $port.name stands for."""
        self.upstreams, self.substitutes, self.port = upstreams, substitutes, port
        self.base = yaml.safe_load((config.BASES / "http.yaml").read_text())["static_resources"]

    def tree(self, kind, name, spec):
        """The message as a tree, with @type."""
        if isinstance(spec, dict) and "@type" in spec and (kind != "ecds" or spec["@type"] == TYPE + TYPES["ecds"]):
            return config.substitute(spec, self.substitutes)
        made = getattr(self, "_" + kind)(name, copy.deepcopy(spec))
        made = {"@type": TYPE + TYPES[kind], NAME_FIELD.get(kind, "name"): name, **made}
        return config.substitute(made, self.substitutes)

    def resource(self, kind, name, spec):
        """As the server takes it. `absent` instead of a form: it is said that there is none."""
        options = {}
        if isinstance(spec, dict):
            options = {key: spec[key] for key in OPTIONS & set(spec)}
            spec = {key: value for key, value in spec.items() if key not in OPTIONS}
        if "ttl" in options:
            options["ttl_ms"] = int(options.pop("ttl") * 1000)
        if spec == "absent":  # known by the name that was asked for
            return resource(name, None, **{"aliases": [name], **options})
        return resource(name, any_of(self.tree(kind, name, spec)), **options)

    def change(self, kind, wanted, version=""):
        if kind not in TYPES:
            raise Mismatch(f"there is no type {kind!r}; there are {sorted(TYPES)}")
        pairs = wanted.items() if isinstance(wanted, dict) else [tuple(*one.items()) for one in wanted]
        return {"type": kind, "version": str(version), "set": [self.resource(kind, name, spec) for name, spec in pairs]}

    def changes(self, wanted):
        wanted = dict(wanted)
        version = wanted.pop("version", "")
        return [self.change(kind, part or {}, version) for kind, part in wanted.items()]

    # --- one method a type

    def _endpoints(self, wanted):
        """An upstream's name, or a list of such names and of full LbEndpoints."""
        wanted = wanted if isinstance(wanted, list) else [wanted]
        return [{"lb_endpoints": [config.endpoint(self.upstreams[one]) if isinstance(one, str) else one for one in wanted]}]

    def _cds(self, name, spec):
        """Nothing or an upstream's name: a static cluster of it; `eds: true`: its endpoints come by themselves; `to: upstreams`."""
        spec = spec if isinstance(spec, dict) else {"to": spec or name}
        made = {"connect_timeout": "1s"}
        dynamic = spec.pop("eds", None)
        to = spec.pop("to", None)
        spec = chains.cluster(spec)
        if dynamic:
            made.update(type="EDS", eds_cluster_config={"eds_config": "$xds" if dynamic is True else dynamic})
        elif to is not None or "type" not in spec and "load_assignment" not in spec and "cluster_type" not in spec:
            made.update(type="STATIC", load_assignment={"cluster_name": name, "endpoints": self._endpoints(to or name)})
        return merge(made, spec)

    def _eds(self, name, spec):
        return spec if isinstance(spec, dict) else {"endpoints": self._endpoints(spec) if spec else []}

    def _lds(self, name, spec):
        """The base's listener on $port.<name>: `rds: name`, or the parts that `config:` of a scenario has for a listener."""
        spec = spec or {}
        made = copy.deepcopy(self.base["listeners"][0])
        made["address"]["socket_address"]["port_value"] = self.port(spec.pop("port", name))
        hcm = made["filter_chains"][0]["filters"][0]["typed_config"]
        hcm["stat_prefix"] = name
        where = spec.pop("from", "$xds")
        routes = spec.pop("rds", None)
        if routes:
            del hcm["route_config"]
            hcm["rds"] = {"route_config_name": routes, "config_source": where}
        more = spec.pop("listener", {})
        _manager(hcm, spec)
        chains.shape(made, spec)
        del made["name"]
        return merge(made, more)

    def _rds(self, name, spec):
        """A cluster's name: everything goes there; a list of routes; or the fields."""
        if isinstance(spec, str):
            spec = [{"match": {"prefix": "/"}, "route": {"cluster": spec}}]
        if isinstance(spec, list):
            return {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": spec}]}
        return spec

    def _vhds(self, name, spec):
        """A cluster's name: the virtual host of the domain that its name ends with, and everything goes there."""
        if isinstance(spec, str):
            return {"domains": [name.rpartition("/")[2]], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": spec}}]}
        return spec

    def _srds(self, name, spec):
        """{route: name, key: text}"""
        if "key" in spec:
            return {"route_configuration_name": spec["route"], "key": {"fragments": [{"string_key": str(spec["key"])}]}}
        return spec

    def _sds(self, name, spec):
        """{certificate: name} or {trusts: name} of `certs:`, or the fields."""
        if "certificate" in spec:
            own = spec["certificate"]
            return {"tls_certificate": {"certificate_chain": {"inline_string": f"${own}.crt.pem"},
                                        "private_key": {"inline_string": f"${own}.key.pem"}}}
        if "trusts" in spec:
            return {"validation_context": {"trusted_ca": {"inline_string": f"${spec['trusts']}.crt.pem"}}}
        return spec

    def _rtds(self, name, spec):
        return {"layer": spec}

    def _ecds(self, name, spec):
        return {"typed_config": spec}


def _manager(hcm, wanted):
    """The parts of a listener's short form that are about its HTTP connection manager."""
    if "route_config" in hcm:
        config._http(hcm, wanted)
        return
    hcm["http_filters"] = wanted.get("filters", []) + hcm["http_filters"]
    if "access_log" in wanted:
        hcm["access_log"] = config.file_log(wanted["access_log"])
    merge(hcm, wanted.get("hcm", {}))
