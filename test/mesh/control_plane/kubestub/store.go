package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

// object is any Kubernetes object, as its JSON.
type object = map[string]any

// place is where objects of one resource are: {"v1", "secrets"}, {"apps/v1", "deployments"}.
type place struct{ group, resource string }

// watcher hears of changes of one place.
type watcher struct {
	place  place
	events chan watchEvent
}

type watchEvent struct {
	Type   string `json:"type"`
	Object object `json:"object"`
}

// More events than this that nobody has taken mean that the watcher is gone.
const watchBacklog = 1024

// store has every object, by place and by "namespace/name".
type store struct {
	lock     sync.Mutex
	version  int
	objects  map[place]map[string]object
	watchers map[*watcher]bool
}

func newStore() *store {
	return &store{objects: map[place]map[string]object{}, watchers: map[*watcher]bool{}}
}

func metadata(o object) object {
	found, is := o["metadata"].(object)
	if !is {
		found = object{}
		o["metadata"] = found
	}
	return found
}

func text(value any) string {
	found, _ := value.(string)
	return found
}

func keyOf(o object) string { return text(metadata(o)["namespace"]) + "/" + text(metadata(o)["name"]) }

// put adds an object or replaces one, and tells who watches.
func (s *store) put(where place, o object) {
	if s.objects[where] == nil {
		s.objects[where] = map[string]object{}
	}
	key := keyOf(o)
	kind := "ADDED"
	if _, there := s.objects[where][key]; there {
		kind = "MODIFIED"
	}
	s.version++
	about := metadata(o)
	about["resourceVersion"] = strconv.Itoa(s.version)
	if about["uid"] == nil {
		about["uid"] = fmt.Sprintf("uid-%d", s.version)
	}
	if about["creationTimestamp"] == nil {
		about["creationTimestamp"] = "2026-01-01T00:00:00Z"
	}
	s.objects[where][key] = o
	s.tell(where, watchEvent{kind, o})
}

func (s *store) remove(where place, key string) {
	if gone, there := s.objects[where][key]; there {
		delete(s.objects[where], key)
		s.version++
		s.tell(where, watchEvent{"DELETED", gone})
	}
}

func (s *store) tell(where place, event watchEvent) {
	for one := range s.watchers {
		if one.place != where {
			continue
		}
		select {
		case one.events <- event:
		default:
		}
	}
}

// list is in the order of names.
func (s *store) list(where place, want func(object) bool) []object {
	keys := make([]string, 0, len(s.objects[where]))
	for key := range s.objects[where] {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	found := []object{}
	for _, key := range keys {
		if o := s.objects[where][key]; want(o) {
			found = append(found, o)
		}
	}
	return found
}

// load reads all YAML files of a folder; documents are separated by lines of three hyphens.
func (s *store) load(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, document := range strings.Split(string(content), "\n---\n") {
			o := object{}
			if err := yaml.Unmarshal([]byte(document), &o); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if len(o) > 0 {
				s.put(place{text(o["apiVersion"]), pluralOf(text(o["kind"]))}, o)
			}
		}
	}
	return nil
}

// pluralOf: "Secret" is kept under "secrets", "Ingress" under "ingresses".
func pluralOf(kind string) string {
	lower := strings.ToLower(kind)
	if strings.HasSuffix(lower, "s") {
		return lower + "es"
	}
	return lower + "s"
}
