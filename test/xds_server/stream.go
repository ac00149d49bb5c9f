package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// subscription is what one stream asked for of one type, and what it has been sent.
type subscription struct {
	names    map[string]bool
	wildcard bool
	has      map[string]string // name -> version that was sent
	version  string            // of the type, when the last response went out
	nonce    string            // of the last response
	owed     bool              // a request that has no answer because the type is quiet
}

// stream is one stream of discovery: state-of-the-world or incremental, aggregated or of one type. All but the sending is done under
// the world's lock.
type stream struct {
	world  *World
	id     int
	kind   string // "ads" or the short name of its only type
	delta  bool
	subs   map[string]*subscription // by type URL
	nonces int
	end    chan error // what makes the server end it

	queue  chan struct{} // something to send is there, or it is over
	lock   sync.Mutex
	toSend []proto.Message
	over   bool
}

func newStream(world *World, kind string, delta bool) *stream {
	s := &stream{world: world, kind: kind, delta: delta, subs: map[string]*subscription{}, end: make(chan error, 1),
		queue: make(chan struct{}, 1)}
	world.join(s)
	return s
}

func (s *stream) sub(url string) *subscription {
	if s.subs[url] == nil {
		s.subs[url] = &subscription{names: map[string]bool{}, has: map[string]string{}}
	}
	return s.subs[url]
}

func (s *stream) nextNonce() string {
	s.nonces++
	return fmt.Sprintf("%d.%d", s.id, s.nonces)
}

// tell says that these resources may have changed.
func (s *stream) tell(url string, names []string) {
	sub := s.subs[url]
	if sub == nil {
		return
	}
	if s.world.quiet[url] {
		sub.owed = true
		return
	}
	if s.delta {
		s.tellDelta(url, sub, names)
	} else {
		s.tellWhole(url, sub, names)
	}
}

// catchUp sends whatever the client does not have.
func (s *stream) catchUp(url string) {
	sub := s.sub(url)
	sub.owed = false
	table := s.world.table(url)
	names := table.names()
	if s.delta {
		for name := range sub.has {
			if table.resources[name] == nil {
				names = append(names, name)
			}
		}
		s.tellDelta(url, sub, names)
	} else {
		s.tellWhole(url, sub, names)
	}
}

// post hands a message to the sender, later if the type is slow.
func (s *stream) post(url string, message proto.Message) {
	put := func() {
		s.lock.Lock()
		s.toSend = append(s.toSend, message)
		s.lock.Unlock()
		select {
		case s.queue <- struct{}{}:
		default:
		}
	}
	if wait := s.world.delay[url]; wait > 0 {
		time.AfterFunc(wait, put)
		return
	}
	put()
}

// send writes what is posted until the stream is over.
func (s *stream) send(out grpc.ServerStream) {
	for range s.queue {
		s.lock.Lock()
		messages, over := s.toSend, s.over
		s.toSend = nil
		s.lock.Unlock()
		if over {
			return
		}
		for _, message := range messages {
			if out.SendMsg(message) != nil {
				return
			}
			emit(sentEvent(s, message))
		}
	}
}

func (s *stream) finish() {
	s.world.leave(s)
	s.lock.Lock()
	s.over = true
	s.lock.Unlock()
	select {
	case s.queue <- struct{}{}:
	default:
	}
}

func sentEvent(s *stream, message proto.Message) Event {
	event := Event{Event: "sent", Stream: s.id, Delta: s.delta}
	switch sent := message.(type) {
	case *discovery.DiscoveryResponse:
		event.Type, event.URL, event.Nonce, event.Version = shortOf(sent.TypeUrl), sent.TypeUrl, sent.Nonce, sent.VersionInfo
		event.Count = len(sent.Resources)
	case *discovery.DeltaDiscoveryResponse:
		event.Type, event.URL, event.Nonce, event.Version = shortOf(sent.TypeUrl), sent.TypeUrl, sent.Nonce, sent.SystemVersionInfo
		event.Count = len(sent.Resources)
		event.Removed = few(sent.RemovedResources)
		for _, resource := range sent.Resources[:min(listed, len(sent.Resources))] {
			event.Names = append(event.Names, resource.Name)
		}
	}
	return event
}

func nodeOf(node *core.Node) []byte {
	if node == nil {
		return nil
	}
	text, err := protojson.Marshal(node)
	if err != nil {
		return []byte(`{}`)
	}
	return text
}

func identifier() *core.ControlPlane { return &core.ControlPlane{Identifier: "scripted"} }

func anyOf(r *Resource) *anypb.Any { return &anypb.Any{TypeUrl: r.URL, Value: r.Value} }

func wrapped(r *Resource) *discovery.Resource {
	made := &discovery.Resource{Name: r.Name, Version: r.Version, Aliases: r.Aliases}
	if !r.Absent {
		made.Resource = anyOf(r)
	}
	if r.TTLms > 0 {
		made.Ttl = durationpb.New(r.ttl())
	}
	return made
}

func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
