package main

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
	"time"
)

// Names that an event lists at most; with more, `count` says how many there are.
const listed = 200

// Event is a line on standard output: what a client did, what it was sent, or the answer to a command.
type Event struct {
	Event   string              `json:"event"`
	Time    float64             `json:"time"` // seconds since the server started
	ID      int                 `json:"id,omitempty"`
	Stream  int                 `json:"stream,omitempty"`
	Conn    int                 `json:"connection,omitempty"`
	Method  string              `json:"method,omitempty"`
	Type    string              `json:"type,omitempty"`
	URL     string              `json:"type_url,omitempty"`
	Delta   bool                `json:"delta,omitempty"`
	Names   []string            `json:"names,omitempty"`
	Count   int                 `json:"count,omitempty"`
	Removed []string            `json:"removed,omitempty"`
	Gone    []string            `json:"unsubscribe,omitempty"`
	Known   map[string]string   `json:"initial_versions,omitempty"`
	Version string              `json:"version,omitempty"`
	Nonce   string              `json:"nonce,omitempty"`
	Error   string              `json:"error,omitempty"`
	Code    int32               `json:"code,omitempty"`
	Node    json.RawMessage     `json:"node,omitempty"`
	Meta    map[string][]string `json:"metadata,omitempty"`
	Peer    string              `json:"peer,omitempty"`
	Value   any                 `json:"value,omitempty"`
}

var (
	started = time.Now()
	output  = bufio.NewWriterSize(os.Stdout, 1<<16)
	outLock sync.Mutex
)

func few(names []string) []string {
	if len(names) > listed {
		return names[:listed]
	}
	return names
}

func emit(event Event) {
	outLock.Lock()
	defer outLock.Unlock()
	event.Time = time.Since(started).Seconds()
	line, err := json.Marshal(event)
	if err != nil {
		line, _ = json.Marshal(Event{Event: "broken", Error: err.Error()})
	}
	output.Write(line)
	output.WriteByte('\n')
	output.Flush()
}
