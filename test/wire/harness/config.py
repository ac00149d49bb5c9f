"""Makes a scenario's bootstrap: a named base (test/wire/base/*.yaml) and the parts in which the scenario differs."""

import base64
import copy
import json
import pathlib
import re

import yaml

from . import chains
from .chains import merge
from .match import Mismatch

BASES = pathlib.Path(__file__).parent.parent / "base"
PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"

# The parts that `config:` of a scenario may name; README.md explains each.
PARTS = {"base", "bootstrap", "listener", "hcm", "routes", "route", "virtual_host", "virtual_hosts", "filters", "clusters",
         "access_log", "listeners", "more_listeners"} | chains.PARTS


def substitute(tree, names):
    """Replaces $name in every text; a text that is nothing but one name becomes its value. Then $base64(octets)."""
    if isinstance(tree, dict):
        return {substitute(k, names): substitute(v, names) for k, v in tree.items()}
    if isinstance(tree, list):
        return [substitute(v, names) for v in tree]
    if isinstance(tree, str) and "$" in tree:
        for name in sorted(names, key=len, reverse=True):
            if tree == "$" + name:
                return names[name]
            tree = tree.replace("$" + name, str(names[name]))
        tree = re.sub(r"\$base64\((.*?)\)", lambda m: base64.b64encode(m[1].encode("latin-1")).decode(), tree, flags=re.DOTALL)
    return tree


def endpoint(upstream):
    address = (
        {"pipe": {"path": upstream.path}}
        if upstream.path
        else {"socket_address": {"address": upstream.host, "port_value": upstream.port}}
    )
    return {"endpoint": {"address": address}}


def cluster(template, name, upstream):
    made = copy.deepcopy(template)
    made["name"] = name
    made["load_assignment"] = {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint(upstream)]}]}
    if upstream.protocol == "http2":
        made["typed_extension_protocol_options"] = {
            PROTOCOL_OPTIONS: {
                "@type": "type.googleapis.com/" + PROTOCOL_OPTIONS,
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        }
    return made


def file_log(wanted):
    """access_log: "text"  |  access_log: {json: {...}}  |  access_log: [full entries]"""
    if isinstance(wanted, list):
        return wanted
    if isinstance(wanted, dict):
        form = {"json_format": wanted["json"]}
    else:
        form = {"text_format_source": {"inline_string": wanted + "\n"}}
    return [{"name": "envoy.access_loggers.file",
             "typed_config": {"@type": FILE_LOG, "path": "$dir/access.log", "log_format": form}}]


def _http(hcm, wanted):
    """The parts about the HTTP connection manager."""
    host = hcm["route_config"]["virtual_hosts"][0]
    if "routes" in wanted:
        host["routes"] = wanted["routes"]
    merge(host["routes"][0].setdefault("route", {}) if "route" in wanted else {}, wanted.get("route", {}))
    merge(host, wanted.get("virtual_host", {}))
    if "virtual_hosts" in wanted:
        hcm["route_config"]["virtual_hosts"] = wanted["virtual_hosts"]
    hcm["http_filters"] = wanted.get("filters", []) + hcm["http_filters"]
    if "access_log" in wanted:
        hcm["access_log"] = file_log(wanted["access_log"])
    merge(hcm, wanted.get("hcm", {}))


def build(wanted, upstreams, names):
    """The bootstrap as a tree. `names` are the $names of this run."""
    unknown = set(wanted) - PARTS
    if unknown:
        raise Mismatch(f"config has no part {sorted(unknown)}; it has {sorted(PARTS)}")
    tree = yaml.safe_load((BASES / f"{wanted.get('base', 'http')}.yaml").read_text())
    static = tree["static_resources"]
    if not static["listeners"]:  # of the base `none`
        return substitute(merge(tree, wanted.get("bootstrap", {})), names)
    template = static["clusters"].pop(0)
    own = wanted.get("clusters", {})
    own = {name: chains.cluster(c) for name, c in own.items()}
    static["clusters"] += [merge(cluster(template, name, u), own.get(name, {})) for name, u in upstreams.items()]
    # A cluster of no upstream of its own name stands as it is written.
    static["clusters"] += [merge({"name": name, "connect_timeout": "1s"}, c) for name, c in own.items() if name not in upstreams]

    listener = static["listeners"][0]
    terminal = listener["filter_chains"][0]["filters"][-1]["typed_config"]
    if "route_config" in terminal:
        _http(terminal, wanted)
    elif "access_log" in wanted:
        terminal["access_log"] = file_log(wanted["access_log"])
    plain = copy.deepcopy(listener)
    chains.shape(listener, wanted)
    merge(listener, wanted.get("listener", {}))
    static["listeners"] += [chains.like(plain, name, more) for name, more in wanted.get("more_listeners", {}).items()]
    static["listeners"] += wanted.get("listeners", [])
    merge(tree, wanted.get("bootstrap", {}))
    return substitute(tree, names)


def write(tree, path):
    # JSON is YAML: one form for both, and no surprise in how a number or "off" is quoted.
    pathlib.Path(path).write_text(json.dumps(tree, indent=1))
