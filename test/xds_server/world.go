package main

import (
	"slices"
	"sync"
	"time"
)

// World is everything that is served, and everybody who is served. One lock for all of it: nothing in here waits for the network.
type World struct {
	sync.Mutex
	tables  map[string]*table // by type URL
	streams map[int]*stream   // that are open
	lastID  int               // of a stream
	quiet   map[string]bool   // types that are not answered
	missing map[string]bool   // types of which what is not there is said to be gone (delta)
	delay   map[string]time.Duration
	refusal *refusal // of new streams
}

type refusal struct {
	code    int
	message string
	times   int // 0: until told otherwise
}

func newWorld() *World {
	return &World{tables: map[string]*table{}, streams: map[int]*stream{}, quiet: map[string]bool{}, missing: map[string]bool{},
		delay: map[string]time.Duration{}}
}

func (w *World) table(url string) *table {
	if w.tables[url] == nil {
		w.tables[url] = newTable(url)
	}
	return w.tables[url]
}

// apply takes changes of several types in one step, and tells everybody.
func (w *World) apply(changes []*Change, tell bool) map[string]string {
	w.Lock()
	defer w.Unlock()
	affected := map[string][]string{}
	versions := map[string]string{}
	for _, change := range changes {
		url := urlOf(change.Type)
		affected[url] = append(affected[url], w.table(url).apply(change)...)
		versions[change.Type] = w.table(url).version
	}
	if tell {
		w.eachStream(func(s *stream) {
			for _, url := range w.inOrder(affected) {
				s.tell(url, affected[url])
			}
		})
	}
	return versions
}

func (w *World) inOrder(affected map[string][]string) []string {
	var sorted []string
	for _, kind := range order {
		if _, ok := affected[urls[kind]]; ok {
			sorted = append(sorted, urls[kind])
		}
	}
	for url := range affected {
		if !slices.Contains(sorted, url) {
			sorted = append(sorted, url)
		}
	}
	return sorted
}

func (w *World) eachStream(do func(*stream)) {
	ids := make([]int, 0, len(w.streams))
	for id := range w.streams {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		do(w.streams[id])
	}
}

// push sends what is subscribed to again, as if all of it had changed.
func (w *World) push(url string) {
	w.Lock()
	defer w.Unlock()
	w.eachStream(func(s *stream) {
		if sub := s.subs[url]; sub != nil {
			clear(sub.has)
			s.catchUp(url)
		}
	})
}

func (w *World) setQuiet(kinds []string, quiet bool) {
	w.Lock()
	defer w.Unlock()
	for _, kind := range kinds {
		url := urlOf(kind)
		w.quiet[url] = quiet
		if !quiet {
			w.eachStream(func(s *stream) {
				if sub := s.subs[url]; sub != nil && sub.owed {
					s.catchUp(url)
				}
			})
		}
	}
}

// turnAway says whether a new stream is refused, and why.
func (w *World) turnAway() *refusal {
	w.Lock()
	defer w.Unlock()
	found := w.refusal
	if found != nil && found.times > 0 {
		if found.times--; found.times == 0 {
			w.refusal = nil
		}
	}
	return found
}

func (w *World) join(s *stream) {
	w.Lock()
	defer w.Unlock()
	w.lastID++
	s.id = w.lastID
	w.streams[s.id] = s
}

func (w *World) leave(s *stream) {
	w.Lock()
	defer w.Unlock()
	delete(w.streams, s.id)
}
