package main

import (
	"slices"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// whole takes a request of a state-of-the-world stream.
func (s *stream) whole(request *discovery.DiscoveryRequest) {
	s.world.Lock()
	defer s.world.Unlock()
	url := request.TypeUrl
	if url == "" {
		url = urlOf(s.kind)
	}
	event := Event{Event: "request", Stream: s.id, Type: shortOf(url), URL: url, Names: few(request.ResourceNames),
		Count: len(request.ResourceNames), Version: request.VersionInfo, Nonce: request.ResponseNonce, Node: nodeOf(request.Node)}
	if request.ErrorDetail != nil {
		event.Error, event.Code = request.ErrorDetail.Message, request.ErrorDetail.Code
	}
	emit(event)

	first := s.subs[url] == nil
	sub := s.sub(url)
	if !first && request.ResponseNonce != sub.nonce {
		return // about a response that is not the last
	}
	before := sub.names
	sub.names = map[string]bool{}
	for _, name := range request.ResourceNames {
		sub.names[name] = true
	}
	if first && len(sub.names) == 0 && isWildcardType(url) {
		sub.wildcard = true
	}
	if sub.names["*"] || len(sub.names) > 0 {
		sub.wildcard = sub.names["*"]
	}
	for name := range sub.has {
		if !sub.wildcard && !s.world.table(url).wanted(sub.names, name, s.world.table(url).resources[name]) {
			delete(sub.has, name)
		}
	}
	if first || !slices.Equal(sorted(before), sorted(sub.names)) {
		if s.world.quiet[url] {
			sub.owed = true
			return
		}
		s.tellWhole(url, sub, s.world.table(url).names())
	}
}

// tellWhole sends, of clusters and listeners, all that is subscribed to if any of it changed; of the other types what changed.
func (s *stream) tellWhole(url string, sub *subscription, names []string) {
	table := s.world.table(url)
	all := isWildcardType(url)
	changed := all && sub.nonce == "" // the first answer, even if it is that there is nothing
	var send []*Resource
	for _, name := range names {
		resource := table.resources[name]
		if !sub.wildcard && !table.wanted(sub.names, name, resource) {
			continue
		}
		had, has := sub.has[name]
		switch {
		case resource == nil:
			changed = changed || has && all
			delete(sub.has, name)
		case !has || had != resource.Version:
			changed = true
			sub.has[name] = resource.Version
			send = append(send, resource)
		}
	}
	if !changed {
		return
	}
	if all {
		send = nil
		for _, name := range table.names() {
			if resource := table.resources[name]; sub.wildcard || table.wanted(sub.names, name, resource) {
				send = append(send, resource)
			}
		}
	}
	response := &discovery.DiscoveryResponse{TypeUrl: url, VersionInfo: table.version, Nonce: s.nextNonce(), ControlPlane: identifier()}
	for _, resource := range send {
		response.Resources = append(response.Resources, inWhole(resource))
	}
	sub.nonce, sub.version = response.Nonce, table.version
	s.post(url, response)
}

// inWhole wraps what has a time to live; the rest goes as it is.
func inWhole(resource *Resource) *anypb.Any {
	if resource.TTLms > 0 {
		if made, err := anypb.New(wrapped(resource)); err == nil {
			return made
		}
	}
	return anyOf(resource)
}
