package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Resource is one named thing that is served, as its octets: this server does not know what they mean, so it can serve nonsense.
type Resource struct {
	Name    string   `json:"name"`
	URL     string   `json:"type_url"` // of the value; empty: of the type that it is stored under
	Value   []byte   `json:"value"`
	Version string   `json:"version"` // empty: that of its type when it was set
	TTLms   int64    `json:"ttl_ms"`
	Aliases []string `json:"aliases"`
	Absent  bool     `json:"absent"` // said to be not there: a resource without a value (delta)
}

func (r *Resource) ttl() time.Duration { return time.Duration(r.TTLms) * time.Millisecond }

// Generate makes Count resources of one: in name and value the six octets of placeholder become a number of six digits.
type Generate struct {
	Count int      `json:"count"`
	First int      `json:"first"`
	Like  Resource `json:"like"`
}

const placeholder = "@@@@@@"

func (g *Generate) resources() []*Resource {
	made := make([]*Resource, 0, g.Count)
	for i := g.First; i < g.First+g.Count; i++ {
		number := fmt.Sprintf("%06d", i)
		one := g.Like
		one.Name = strings.ReplaceAll(one.Name, placeholder, number)
		one.Value = bytes.ReplaceAll(one.Value, []byte(placeholder), []byte(number))
		made = append(made, &one)
	}
	return made
}

// Change is of one type: what is new or different, and what goes.
type Change struct {
	Type     string      `json:"type"`
	Set      []*Resource `json:"set"`
	Generate *Generate   `json:"generate"`
	Remove   []string    `json:"remove"`
	Replace  bool        `json:"replace"` // what is not set goes
	Version  string      `json:"version"` // empty: the next number
}

// table holds the resources of one type.
type table struct {
	url       string
	version   string
	number    int
	resources map[string]*Resource
	aliases   map[string]*Resource
}

func newTable(url string) *table {
	return &table{url: url, resources: map[string]*Resource{}, aliases: map[string]*Resource{}}
}

// apply changes the table; it says which names are affected.
func (t *table) apply(change *Change) []string {
	t.number++
	t.version = change.Version
	if t.version == "" {
		t.version = strconv.Itoa(t.number)
	}
	if change.Generate != nil {
		change.Set = append(change.Set, change.Generate.resources()...)
	}
	affected := make([]string, 0, len(change.Set)+len(change.Remove))
	if change.Replace {
		kept := map[string]bool{}
		for _, resource := range change.Set {
			kept[resource.Name] = true
		}
		for name := range t.resources {
			if !kept[name] {
				change.Remove = append(change.Remove, name)
			}
		}
	}
	for _, resource := range change.Set {
		if resource.Version == "" {
			resource.Version = t.version
		}
		if resource.URL == "" {
			resource.URL = t.url
		}
		t.resources[resource.Name] = resource
		for _, alias := range resource.Aliases {
			t.aliases[alias] = resource
		}
		affected = append(affected, resource.Name)
	}
	for _, name := range change.Remove {
		if gone := t.resources[name]; gone != nil {
			maps.DeleteFunc(t.aliases, func(_ string, r *Resource) bool { return r == gone })
		}
		delete(t.resources, name)
		affected = append(affected, name)
	}
	return affected
}

func (t *table) names() []string { return slices.Sorted(maps.Keys(t.resources)) }

// A scope is what lies below a name: resources whose names begin with `prefix` and have the same context parameters.
type scope struct{ prefix, context string }

// scope says whether a subscription to `name` is one to all that is below it.
func (t *table) scope(name string) (scope, bool) {
	if path, context, _ := strings.Cut(name, "?"); strings.HasPrefix(name, "xdstp://") && strings.HasSuffix(path, "/*") {
		return scope{strings.TrimSuffix(path, "*"), context}, true
	}
	if t.url == urls["vhds"] { // all virtual hosts of a route configuration: their names begin with its name
		return scope{name + "/", ""}, true
	}
	return scope{}, false
}

func (s scope) has(name string) bool {
	path, context, _ := strings.Cut(name, "?")
	return strings.HasPrefix(path, s.prefix) && !strings.Contains(path[len(s.prefix):], "/") && context == s.context
}

// find says which resources a subscription to `name` is about.
func (t *table) find(name string) []*Resource {
	if resource, ok := t.resources[name]; ok {
		return []*Resource{resource}
	}
	if resource, ok := t.aliases[name]; ok {
		return []*Resource{resource}
	}
	scope, is := t.scope(name)
	if !is {
		return nil
	}
	var found []*Resource
	for _, candidate := range t.names() {
		if scope.has(candidate) {
			found = append(found, t.resources[candidate])
		}
	}
	return found
}

// wanted says whether one of the subscriptions is about the resource; `resource` is nil for one that is gone.
func (t *table) wanted(subscribed map[string]bool, name string, resource *Resource) bool {
	if subscribed[name] {
		return true
	}
	if resource != nil && slices.ContainsFunc(resource.Aliases, func(alias string) bool { return subscribed[alias] }) {
		return true
	}
	if t.url != urls["vhds"] && !strings.HasPrefix(name, "xdstp://") {
		return false // nothing else is subscribed to by what its names begin with
	}
	for one := range subscribed {
		if scope, is := t.scope(one); is && scope.has(name) {
			return true
		}
	}
	return false
}
