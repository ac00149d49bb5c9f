package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Command is a line on standard input. README.md lists them.
type Command struct {
	ID      int          `json:"id"`
	Do      string       `json:"do"`
	Changes []*Change    `json:"changes"`
	Silent  bool         `json:"silent"`
	Types   []string     `json:"types"`
	Names   []string     `json:"names"`
	On      bool         `json:"on"`
	Ms      int64        `json:"ms"`
	Code    int          `json:"code"`
	Message string       `json:"message"`
	Times   int          `json:"times"`
	How     string       `json:"how"`
	Raw     *rawResponse `json:"response"`
	Rounds  [][]*Change  `json:"rounds"`
	Hz      float64      `json:"hz"`
}

// carryOut does what a command says; the value goes back with its answer.
func (s *Server) carryOut(command *Command) (any, error) {
	world := s.world
	switch command.Do {
	case "apply":
		return world.apply(command.Changes, !command.Silent), nil
	case "push":
		for _, kind := range command.Types {
			world.push(urlOf(kind))
		}
	case "quiet":
		world.setQuiet(command.Types, command.On)
	case "missing":
		world.Lock()
		defer world.Unlock()
		for _, kind := range command.Types {
			world.missing[urlOf(kind)] = command.On
		}
	case "delay":
		world.Lock()
		defer world.Unlock()
		for _, kind := range command.Types {
			world.delay[urlOf(kind)] = time.Duration(command.Ms) * time.Millisecond
		}
	case "send":
		return world.sendRaw(command.Raw), nil
	case "heartbeat":
		return world.heartbeat(urlOf(command.Types[0]), command.Names, command.Ms), nil
	case "close":
		return world.closeStreams(command.Types, codes.Code(command.Code), command.Message), nil
	case "refuse":
		world.Lock()
		defer world.Unlock()
		world.refusal = nil
		if command.On {
			world.refusal = &refusal{command.Code, command.Message, command.Times}
		}
	case "rate":
		go world.atRate(command)
	default:
		return s.connectionCommand(command)
	}
	return nil, nil
}

// connectionCommand is one about connections and the port.
func (s *Server) connectionCommand(command *Command) (any, error) {
	switch command.Do {
	case "start":
		return nil, s.start()
	case "stop":
		s.stop(command.How == "politely")
	case "break":
		switch command.How {
		case whole, cut, reset, truncate:
			return s.wires.arm(command.How), nil
		case "now":
			return s.wires.resetAll(), nil
		}
		return nil, errors.New("how?")
	case "freeze":
		s.wires.freeze(command.On)
	default:
		return nil, fmt.Errorf("there is no command %q", command.Do)
	}
	return nil, nil
}

// closeStreams ends the streams that serve one of these kinds (all of them if none is named).
func (w *World) closeStreams(kinds []string, code codes.Code, message string) int {
	w.Lock()
	defer w.Unlock()
	closed := 0
	w.eachStream(func(s *stream) {
		for _, kind := range kinds {
			if s.kind != kind {
				return
			}
		}
		if code == codes.OK {
			s.close(nil)
		} else {
			s.close(status.Error(code, message))
		}
		closed++
	})
	return closed
}

// heartbeat renews the time to live of what a client has, without sending it again.
func (w *World) heartbeat(url string, names []string, ms int64) int {
	w.Lock()
	defer w.Unlock()
	beats := 0
	w.eachStream(func(s *stream) {
		sub := s.subs[url]
		if sub == nil {
			return
		}
		ttl := durationpb.New(time.Duration(ms) * time.Millisecond)
		whole := &discovery.DiscoveryResponse{TypeUrl: url, VersionInfo: sub.version, Nonce: s.nextNonce()}
		delta := &discovery.DeltaDiscoveryResponse{TypeUrl: url, SystemVersionInfo: sub.version, Nonce: whole.Nonce}
		for _, name := range names {
			version, has := sub.has[name]
			if !has {
				continue
			}
			beat := &discovery.Resource{Name: name, Version: version, Ttl: ttl}
			delta.Resources = append(delta.Resources, beat)
			if packed, err := anypb.New(beat); err == nil {
				whole.Resources = append(whole.Resources, packed)
			}
			beats++
		}
		sub.nonce = whole.Nonce
		if s.delta {
			s.post(url, delta)
		} else {
			s.post(url, whole)
		}
	})
	return beats
}

// atRate applies one round of changes after the other, over and over, `times` in all.
func (w *World) atRate(command *Command) {
	pace := time.NewTicker(time.Duration(float64(time.Second) / command.Hz))
	defer pace.Stop()
	for i := range command.Times {
		<-pace.C
		round := command.Rounds[i%len(command.Rounds)]
		fresh := make([]*Change, 0, len(round))
		for _, change := range round {
			fresh = append(fresh, change.copied())
		}
		w.apply(fresh, true)
	}
	emit(Event{Event: "rate_over", Count: command.Times})
}

// copied is the change without the versions that its last round was given.
func (c *Change) copied() *Change {
	made := *c
	made.Set = make([]*Resource, 0, len(c.Set))
	for _, resource := range c.Set {
		one := *resource
		made.Set = append(made.Set, &one)
	}
	return &made
}

func decode(line []byte) (*Command, error) {
	command := &Command{}
	err := json.Unmarshal(line, command)
	return command, err
}
