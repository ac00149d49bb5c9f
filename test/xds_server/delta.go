package main

import (
	"slices"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

// incremental takes a request of an incremental stream.
func (s *stream) incremental(request *discovery.DeltaDiscoveryRequest) {
	s.world.Lock()
	defer s.world.Unlock()
	url := request.TypeUrl
	if url == "" {
		url = urlOf(s.kind)
	}
	event := Event{Event: "request", Stream: s.id, Delta: true, Type: shortOf(url), URL: url, Names: few(request.ResourceNamesSubscribe),
		Count: len(request.ResourceNamesSubscribe), Gone: few(request.ResourceNamesUnsubscribe), Nonce: request.ResponseNonce,
		Known: request.InitialResourceVersions, Node: nodeOf(request.Node)}
	if request.ErrorDetail != nil {
		event.Error, event.Code = request.ErrorDetail.Message, request.ErrorDetail.Code
	}
	if len(event.Known) > listed {
		event.Known = map[string]string{}
	}
	emit(event)

	first := s.subs[url] == nil
	sub := s.sub(url)
	if first {
		sub.wildcard = len(request.ResourceNamesSubscribe) == 0
		for name, version := range request.InitialResourceVersions {
			sub.has[name] = version
		}
	}
	table := s.world.table(url)
	var names, unknown []string
	for _, name := range request.ResourceNamesSubscribe {
		if name == "*" {
			sub.wildcard = true
			continue
		}
		sub.names[name] = true
		found := table.find(name)
		if len(found) == 0 {
			unknown = append(unknown, name)
		}
		for _, resource := range found {
			if !first {
				delete(sub.has, resource.Name) // asked for again: sent again
			}
			names = append(names, resource.Name)
		}
	}
	for _, name := range request.ResourceNamesUnsubscribe {
		if name == "*" {
			sub.wildcard = false
		}
		delete(sub.names, name)
		delete(sub.has, name)
	}
	if first || slices.Contains(request.ResourceNamesSubscribe, "*") {
		names = append(names, table.names()...)
		for name := range sub.has {
			if table.resources[name] == nil {
				names = append(names, name)
			}
		}
	}
	if s.world.quiet[url] {
		sub.owed = sub.owed || first || len(names)+len(unknown) > 0
		return
	}
	if !s.world.missing[url] {
		unknown = nil
	}
	s.answerDelta(url, sub, names, unknown, first && (sub.wildcard || url == urls["vhds"]))
}

func (s *stream) tellDelta(url string, sub *subscription, names []string) {
	s.answerDelta(url, sub, names, nil, false)
}

// answerDelta sends what of `names` the client does not have, or has and is gone; `gone` besides; `always` even if that is nothing.
func (s *stream) answerDelta(url string, sub *subscription, names, gone []string, always bool) {
	table := s.world.table(url)
	slices.Sort(names)
	response := &discovery.DeltaDiscoveryResponse{TypeUrl: url, SystemVersionInfo: table.version, RemovedResources: gone,
		ControlPlane: identifier()}
	for _, name := range slices.Compact(names) {
		resource := table.resources[name]
		had, has := sub.has[name]
		switch {
		case resource == nil:
			if has {
				delete(sub.has, name)
				response.RemovedResources = append(response.RemovedResources, name)
			}
		case !sub.wildcard && !table.wanted(sub.names, name, resource):
		case !has || had != resource.Version:
			sub.has[name] = resource.Version
			response.Resources = append(response.Resources, wrapped(resource))
		}
	}
	if !always && len(response.Resources)+len(response.RemovedResources) == 0 {
		return
	}
	response.Nonce = s.nextNonce()
	sub.nonce, sub.version = response.Nonce, table.version
	s.post(url, response)
}
