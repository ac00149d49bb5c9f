package main

import "strings"

// The types of resources by the names that scenarios use, in the order in which a change of several goes out: what is referred to
// comes before what refers to it.
var order = []string{"rtds", "sds", "cds", "eds", "ecds", "lds", "srds", "rds", "vhds"}

var urls = map[string]string{
	"cds":  "type.googleapis.com/envoy.config.cluster.v3.Cluster",
	"eds":  "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
	"lds":  "type.googleapis.com/envoy.config.listener.v3.Listener",
	"rds":  "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
	"srds": "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
	"vhds": "type.googleapis.com/envoy.config.route.v3.VirtualHost",
	"sds":  "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
	"rtds": "type.googleapis.com/envoy.service.runtime.v3.Runtime",
	"ecds": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
}

var shorts = func() map[string]string {
	made := map[string]string{}
	for short, url := range urls {
		made[url] = short
	}
	return made
}()

// urlOf takes a short name or a type URL.
func urlOf(kind string) string {
	if url, ok := urls[kind]; ok {
		return url
	}
	return kind
}

func shortOf(url string) string {
	if short, ok := shorts[url]; ok {
		return short
	}
	return url
}

// Of these an empty list of names means all there are.
func isWildcardType(url string) bool {
	return url == urls["cds"] || url == urls["lds"] || url == urls["srds"]
}

// The separate services, for requests that leave their type out.
var methods = map[string]string{
	"ClusterDiscoveryService": "cds", "EndpointDiscoveryService": "eds", "ListenerDiscoveryService": "lds",
	"RouteDiscoveryService": "rds", "ScopedRoutesDiscoveryService": "srds", "VirtualHostDiscoveryService": "vhds",
	"SecretDiscoveryService": "sds", "RuntimeDiscoveryService": "rtds", "ExtensionConfigDiscoveryService": "ecds",
	"AggregatedDiscoveryService": "ads",
}

// serviceOf says what "/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters" serves, and whether it is incremental.
func serviceOf(method string) (kind string, delta, known bool) {
	parts := strings.Split(strings.TrimPrefix(method, "/"), "/")
	if len(parts) != 2 {
		return "", false, false
	}
	service := parts[0][strings.LastIndexByte(parts[0], '.')+1:]
	kind, known = methods[service]
	delta = strings.HasPrefix(parts[1], "Delta")
	return kind, delta, known && (delta || strings.HasPrefix(parts[1], "Stream"))
}
