#!/usr/bin/env python3
"""Gives small bootstraps to `--mode validate` of Outrigger and of the real Envoy: both must accept, or both must refuse.

  compare_with_envoy.py --binary build/dev/outrigger [--envoy /path/to/envoy] [name...]

Without --envoy only Outrigger's verdict is compared with the one written here. Where we are stricter on purpose, the case says why.
"""

import argparse
import dataclasses
import pathlib
import subprocess
import sys
import tempfile
import textwrap

ENDPOINT = "{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 8080}}}}]}"
HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = '{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}'
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
LB = "type.googleapis.com/envoy.extensions.load_balancing_policies."


def indent(text, columns):
    return textwrap.indent(textwrap.dedent(text).strip("\n"), " " * columns)


def bootstrap(extra="", clusters=None, listeners=""):
    clusters = cluster_text() if clusters is None else clusters
    return f"{textwrap.dedent(extra)}\nstatic_resources:\n  clusters:\n{clusters}\n{listeners and '  listeners:'}\n{listeners}\n"


def cluster_text(extra="", name="a", endpoints=ENDPOINT):
    return f"""  - name: {name}
    load_assignment: {{cluster_name: {name}, endpoints: [{endpoints}]}}
{indent(extra, 4)}
"""


def cluster(extra="", **kw):
    return bootstrap(clusters=cluster_text(extra, **kw))


def listener_text(extra="", name="l", port=18999, hcm="", route="", routes=None, filters=ROUTER, address=None):
    if routes is None:
        routes = "route_config: {virtual_hosts: [{name: v, domains: ['*'], routes: [%s]}]}" % (
            route or "{match: {prefix: /}, route: {cluster: a}}")
    address = address or "{socket_address: {address: 127.0.0.1, port_value: %d}}" % port
    return f"""  - name: {name}
    address: {address}
{indent(extra, 4)}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/{HCM}
          stat_prefix: s
          {routes}
          http_filters: [{filters}]
{indent(hcm, 10)}
"""


def listener(extra="", **kw):
    return bootstrap(listeners=listener_text(extra, **kw))


def route(text):
    return listener(route=text)


def log(text):
    return listener(hcm=f'access_log: [{{name: f, typed_config: {{"@type": {FILE_LOG}, path: /dev/null{text}}}}}]')


def http_options(text):
    return cluster(f'typed_extension_protocol_options: {{{HTTP_OPTIONS}: {{"@type": type.googleapis.com/{HTTP_OPTIONS}, {text}}}}}')


@dataclasses.dataclass
class Case:
    name: str
    accept: bool
    text: str
    stricter: str = ""  # why Outrigger refuses what Envoy accepts


CASES = [
    # the text and its types
    Case("smallest", True, bootstrap()),
    Case("camel_case", True, cluster("connectTimeout: 2s")),
    Case("enum_lower_case", True, cluster("lb_policy: round_robin")),
    Case("enum_number", True, cluster("lb_policy: 3")),
    Case("enum_unknown_number", False, cluster("lb_policy: 77")),
    Case("enum_unknown_name", False, cluster("lb_policy: FASTEST")),
    Case("number_as_text", True, cluster('per_connection_buffer_limit_bytes: "100"')),
    Case("number_with_exponent", True, cluster("per_connection_buffer_limit_bytes: 1e3")),
    Case("number_octal", True, cluster("per_connection_buffer_limit_bytes: 010")),
    Case("number_negative", False, cluster("per_connection_buffer_limit_bytes: -1")),
    Case("number_too_large", False, cluster("per_connection_buffer_limit_bytes: 4294967296")),
    Case("boolean_yes", True, cluster("close_connections_on_host_health_failure: yes")),
    Case("boolean_text", True, cluster('close_connections_on_host_health_failure: "true"')),
    Case("boolean_number", False, cluster("close_connections_on_host_health_failure: 1")),
    Case("text_from_number", False, cluster(name="123")),
    Case("text_from_yes", False, cluster(name="yes")),
    Case("duration_object", True, cluster("connect_timeout: {seconds: 1}")),
    Case("duration_number", False, cluster("connect_timeout: 1")),
    Case("duration_minutes", False, cluster("connect_timeout: 1m")),
    Case("null_is_unset", True, cluster("connect_timeout: null")),
    Case("single_for_list", True, cluster(endpoints="{lb_endpoints: {endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 1}}}}}")),
    Case("anchor", True, cluster("connect_timeout: &t 1s\nper_connection_buffer_limit_bytes: 5\nalt_stat_name: *t")),
    Case("ignored_key", True, "!ignore x: &x 3s\n" + cluster("connect_timeout: *x")),
    Case("second_document", True, bootstrap() + "---\nfoo: bar\n"),
    Case("duplicate_key", False, cluster("connect_timeout: 1s\nconnect_timeout: 2s"), stricter="one of the two is silently lost"),
    Case("unknown_field", False, cluster("conect_timeout: 1s")),
    Case("unknown_type", False, cluster('typed_extension_protocol_options: {x: {"@type": type.googleapis.com/foo.Bar}}')),
    Case("any_without_type", False, cluster("typed_extension_protocol_options: {x: {a: b}}")),
    Case("two_of_a_oneof", False, cluster("round_robin_lb_config: {}\nleast_request_lb_config: {}")),
    Case("not_a_mapping", False, "- a\n- b\n"),
    Case("empty", False, ""),
    Case("syntax", False, "static_resources: {clusters: [\n"),
    # clusters
    Case("no_name", False, cluster(name='""')),
    Case("connect_timeout_zero", False, cluster("connect_timeout: 0s")),
    Case("host_name_in_static", False, cluster(endpoints="{lb_endpoints: [{endpoint: {address: {socket_address: {address: example.com, port_value: 80}}}}]}")),
    Case("unix_endpoint", True, cluster(endpoints="{lb_endpoints: [{endpoint: {address: {pipe: {path: /tmp/x.sock}}}}]}")),
    Case("no_port", False, cluster(endpoints="{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1}}}}]}")),
    Case("port_too_large", False, cluster(endpoints="{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 70000}}}}]}")),
    Case("weight_zero", False, cluster(endpoints="{lb_endpoints: [{load_balancing_weight: 0, endpoint: {address: {pipe: {path: /x}}}}]}")),
    Case("no_endpoints", True, cluster(endpoints="")),
    Case("duplicate_cluster", False, bootstrap(clusters=cluster_text() + cluster_text())),
    Case("circuit_breakers", True, cluster("circuit_breakers: {thresholds: [{max_connections: 1}, {priority: HIGH, max_requests: 2, track_remaining: true}]}")),
    Case("least_request", True, cluster("lb_policy: LEAST_REQUEST\nleast_request_lb_config: {choice_count: 3}")),
    Case("least_request_one_choice", False, cluster("lb_policy: LEAST_REQUEST\nleast_request_lb_config: {choice_count: 1}")),
    Case("policy_list", True, cluster(f'load_balancing_policy: {{policies: [{{typed_extension_config: {{name: r, typed_config: {{"@type": {LB}random.v3.Random}}}}}}]}}')),
    Case("policy_list_missing", False, cluster("lb_policy: LOAD_BALANCING_POLICY_CONFIG")),
    Case("http2_upstream", True, http_options("explicit_http_config: {http2_protocol_options: {max_concurrent_streams: 10}}")),
    Case("http2_no_streams", False, http_options("explicit_http_config: {http2_protocol_options: {max_concurrent_streams: 0}}")),
    Case("http2_small_window", False, http_options("explicit_http_config: {http2_protocol_options: {initial_stream_window_size: 1000}}")),
    Case("http_options_of_no_protocol", False, http_options("common_http_protocol_options: {idle_timeout: 1s}")),
    Case("old_http2_options", True, cluster("http2_protocol_options: {}")),
    Case("keepalive", True, cluster("upstream_connection_options: {tcp_keepalive: {keepalive_time: 10}}")),
    Case("keepalive_without_timeout", False, http_options("explicit_http_config: {http2_protocol_options: {connection_keepalive: {interval: 1s}}}")),
    # listeners
    Case("listener", True, listener()),
    Case("listener_ipv6", True, listener(address="{socket_address: {address: '::1', port_value: 18999}}")),
    Case("listener_no_address", False, bootstrap(listeners="  - {name: l, filter_chains: [{filters: []}]}")),
    Case("listener_no_chain", False, bootstrap(listeners="  - {name: l, address: {socket_address: {address: 127.0.0.1, port_value: 18999}}}")),
    Case("listener_host_name", False, listener(address="{socket_address: {address: localhost, port_value: 18999}}")),
    Case("listeners_same_address", False, bootstrap(listeners=listener_text() + listener_text(name="m"))),
    Case("listeners_same_name", False, bootstrap(listeners=listener_text() + listener_text(port=18998)), stricter="one of the two is silently lost"),
    Case("codec_http2", True, listener(hcm="codec_type: HTTP2")),
    Case("no_filters", False, listener(filters=""), stricter="no request could be forwarded"),
    Case("two_routers", False, listener(filters=f"{ROUTER}, {ROUTER}")),
    Case("filter_without_config", False, listener(filters="{name: envoy.filters.http.router}")),
    Case("strip_both", False, listener(hcm="strip_matching_host_port: true\nstrip_any_host_port: true")),
    Case("headers_kb_zero", False, listener(hcm="max_request_headers_kb: 0")),
    Case("upgrade_twice", False, listener(hcm="upgrade_configs: [{upgrade_type: websocket}, {upgrade_type: WebSocket}]")),
    Case("scheme", False, listener(hcm="scheme_header_transformation: {scheme_to_overwrite: ftp}")),
    Case("server_name_newline", False, listener(hcm='server_name: "a\\nb"')),
    Case("local_reply", True, listener(hcm="local_reply_config: {mappers: [{filter: {status_code_filter: {comparison: {op: EQ, value: {default_value: 404, runtime_key: k}}}}, status_code: 410, body: {inline_string: gone}}]}")),
    Case("local_reply_without_filter", False, listener(hcm="local_reply_config: {mappers: [{status_code: 410}]}")),
    Case("local_reply_status", False, listener(hcm="local_reply_config: {mappers: [{filter: {not_health_check_filter: {}}, status_code: 610}]}")),
    # access logs
    Case("log_default", True, log("")),
    Case("log_text", True, log(', log_format: {text_format_source: {inline_string: "%REQ(:PATH)% %RESPONSE_CODE%\\n"}}')),
    Case("log_json", True, log(", log_format: {json_format: {path: '%REQ(:PATH)%', code: '%RESPONSE_CODE%', n: {x: '%PROTOCOL%'}}}")),
    Case("log_unknown_command", False, log(", log_format: {text_format_source: {inline_string: '%FOO%'}}")),
    Case("log_unclosed_command", False, log(", log_format: {text_format_source: {inline_string: '%REQ(:PATH'}}")),
    Case("log_empty_format", False, log(", log_format: {}")),
    Case("log_flag", True, listener(hcm=f'access_log: [{{name: f, filter: {{response_flag_filter: {{flags: [UH, NR]}}}}, typed_config: {{"@type": {FILE_LOG}, path: /dev/null}}}}]')),
    Case("log_unknown_flag", False, listener(hcm=f'access_log: [{{name: f, filter: {{response_flag_filter: {{flags: [XX]}}}}, typed_config: {{"@type": {FILE_LOG}, path: /dev/null}}}}]')),
    Case("log_one_filter_in_and", False, listener(hcm=f'access_log: [{{name: f, filter: {{and_filter: {{filters: [{{not_health_check_filter: {{}}}}]}}}}, typed_config: {{"@type": {FILE_LOG}, path: /dev/null}}}}]')),
    # routes
    Case("route_unknown_cluster", False, route("{match: {prefix: /}, route: {cluster: nowhere}}")),
    Case("route_without_match", False, route("{route: {cluster: a}}")),
    Case("route_without_action", False, route("{match: {prefix: /}}")),
    Case("route_bad_regex", False, route("{match: {safe_regex: {regex: '('}}, route: {cluster: a}}")),
    Case("route_separated_prefix_slash", False, route("{match: {path_separated_prefix: /a/}, route: {cluster: a}}")),
    Case("route_weights_zero", False, route("{match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 0}]}}}")),
    Case("route_weighted", True, route("{match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 90}, {name: a, weight: 10}]}}}")),
    Case("route_redirect", True, route("{match: {prefix: /}, redirect: {https_redirect: true, response_code: FOUND}}")),
    Case("route_direct", True, route("{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: hi}}}")),
    Case("route_direct_status", False, route("{match: {prefix: /}, direct_response: {status: 99}}")),
    Case("route_direct_missing_file", False, route("{match: {prefix: /}, direct_response: {status: 200, body: {filename: /nonexistent}}}")),
    Case("route_retry", True, route("{match: {prefix: /}, route: {cluster: a, retry_policy: {retry_on: '5xx,reset', num_retries: 2}}}")),
    Case("route_back_off_order", False, route("{match: {prefix: /}, route: {cluster: a, retry_policy: {retry_on: 5xx, retry_back_off: {base_interval: 1s, max_interval: 0.5s}}}}")),
    Case("route_headers", True, route("{match: {prefix: /}, route: {cluster: a}, request_headers_to_add: [{header: {key: x, value: '%PROTOCOL%'}}]}")),
    Case("route_header_command", False, route("{match: {prefix: /}, route: {cluster: a}, request_headers_to_add: [{header: {key: x, value: '%FOO%'}}]}")),
    Case("route_pseudo_header", False, route("{match: {prefix: /}, route: {cluster: a}, request_headers_to_remove: [':path']}")),
    Case("host_without_domain", False, listener(routes="route_config: {virtual_hosts: [{name: v, domains: []}]}")),
    Case("host_duplicate_domain", False, listener(routes="route_config: {virtual_hosts: [{name: v, domains: [a]}, {name: w, domains: [A]}]}")),
    Case("not_validated_cluster", True, listener(routes="route_config: {validate_clusters: false, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: z}}]}]}")),
    # the server
    Case("admin", True, bootstrap("admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}")),
    Case("admin_log_path", True, bootstrap("admin: {access_log_path: /dev/null, address: {socket_address: {address: 127.0.0.1, port_value: 0}}}")),
    Case("runtime", True, bootstrap("layered_runtime: {layers: [{name: a, static_layer: {x: {y: 1}, p: {numerator: 5}}}, {name: b, admin_layer: {}}]}")),
    Case("runtime_two_admin_layers", False, bootstrap("layered_runtime: {layers: [{name: a, admin_layer: {}}, {name: b, admin_layer: {}}]}")),
    Case("runtime_same_name", False, bootstrap("layered_runtime: {layers: [{name: a, static_layer: {}}, {name: a, admin_layer: {}}]}")),
    Case("runtime_no_kind", False, bootstrap("layered_runtime: {layers: [{name: a}]}")),
    Case("stats_tags", True, bootstrap("stats_config: {stats_tags: [{tag_name: x, regex: 'a(b)'}, {tag_name: t, fixed_value: z}], use_all_default_tags: true}")),
    Case("stats_tag_regex", False, bootstrap("stats_config: {stats_tags: [{tag_name: x, regex: '('}]}")),
    Case("stats_tag_twice", True, bootstrap("stats_config: {stats_tags: [{tag_name: x, regex: 'a(b)'}, {tag_name: x, regex: 'c(d)'}]}")),
    Case("stats_buckets", True, bootstrap("stats_config: {histogram_bucket_settings: [{match: {prefix: a}, buckets: [1, 2.5, 10]}]}")),
    Case("stats_buckets_twice", False, bootstrap("stats_config: {histogram_bucket_settings: [{match: {prefix: a}, buckets: [1, 1]}]}")),
    Case("stats_matcher_empty", False, bootstrap("stats_config: {stats_matcher: {}}")),
    Case("flush_interval", False, bootstrap("stats_flush_interval: 400s")),
    Case("overload_manager", True, bootstrap('overload_manager: {resource_monitors: [{name: h, typed_config: {"@type": type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig, max_heap_size_bytes: 1000000000}}]}')),
]


def verdict(command, file):
    run = subprocess.run([*command, "--mode", "validate", "-c", str(file)], capture_output=True, text=True, timeout=60)
    return run.returncode == 0, (run.stdout + run.stderr).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="outrigger")
    parser.add_argument("--envoy", help="the real Envoy")
    parser.add_argument("--verbose", action="store_true", help="print what Outrigger says of each case")
    parser.add_argument("names", nargs="*", help="only these cases")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            if options.names and case.name not in options.names:
                continue
            file = pathlib.Path(folder) / f"{case.name}.yaml"
            file.write_text(case.text)
            ours, output = verdict([options.binary], file)
            problems = [] if ours == case.accept else [f"Outrigger {'accepts' if ours else 'refuses'}"]
            if options.envoy:
                theirs, said = verdict([options.envoy, "--disable-hot-restart", "-l", "error"], file)
                if theirs != (case.accept or bool(case.stricter)):
                    problems.append(f"Envoy {'accepts' if theirs else 'refuses'}: {said[-400:]}")
            if problems or options.verbose:
                print(f"{'WRONG' if problems else 'ok   '} {case.name}: {'; '.join(problems)}\n{textwrap.indent(output, '      ')}")
            wrong += bool(problems)
    print(f"{len(options.names or CASES)} bootstraps, {wrong} with another verdict than expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
