package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// api speaks the part of the Kubernetes REST API that istiod's clients use.
type api struct{ objects *store }

// target is what a path is about: /api/v1/namespaces/x/secrets/y, /apis/GROUP/VERSION/...
type target struct {
	place
	namespace, name string
}

func parseTarget(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var found target
	switch {
	case parts[0] == "api" && len(parts) > 2:
		found.group, parts = "v1", parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		found.group, parts = parts[1]+"/"+parts[2], parts[3:]
	default:
		return found, false
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		found.namespace, parts = parts[1], parts[2:]
	}
	found.resource = parts[0]
	if len(parts) > 1 {
		found.name = parts[1]
	}
	return found, true
}

func (t target) key() string { return t.namespace + "/" + t.name }

// Kinds whose list has a name that the resource does not tell.
var kinds = map[string]string{
	"configmaps": "ConfigMap", "endpointslices": "EndpointSlice", "serviceaccounts": "ServiceAccount", "ingresses": "Ingress",
	"ingressclasses": "IngressClass", "customresourcedefinitions": "CustomResourceDefinition",
	"mutatingwebhookconfigurations": "MutatingWebhookConfiguration", "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
}

func listKind(resource string) string {
	if kind, known := kinds[resource]; known {
		return kind + "List"
	}
	singular := strings.TrimSuffix(resource, "s")
	return strings.ToUpper(singular[:1]) + singular[1:] + "List"
}

func reply(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, code int, reason string) {
	reply(w, code, object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": reason, "code": code})
}

// general answers what is about the server itself; false: the path is about objects.
func general(w http.ResponseWriter, path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/version":
		reply(w, 200, object{"major": "1", "minor": "33", "gitVersion": "v1.33.0"})
	case path == "/api":
		reply(w, 200, object{"kind": "APIVersions", "versions": []string{"v1"}})
	case path == "/apis":
		reply(w, 200, object{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{}})
	case path == "/api/v1", len(parts) == 3 && parts[0] == "apis":
		reply(w, 200, object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": strings.Join(parts[1:], "/"), "resources": []any{}})
	default:
		return false
	}
	return true
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if general(w, r.URL.Path) {
		return
	}
	about, known := parseTarget(r.URL.Path)
	if !known {
		refuse(w, 404, "NotFound")
		return
	}
	switch r.Method {
	case http.MethodGet:
		a.read(w, r, about)
	case http.MethodDelete:
		a.objects.lock.Lock()
		defer a.objects.lock.Unlock()
		a.objects.remove(about.place, about.key())
		reply(w, 200, object{"kind": "Status", "apiVersion": "v1", "status": "Success"})
	default:
		a.write(w, r, about)
	}
}

func (a *api) write(w http.ResponseWriter, r *http.Request, about target) {
	content, err := io.ReadAll(r.Body)
	body := object{}
	if err != nil || yaml.Unmarshal(content, &body) != nil {
		refuse(w, 415, "UnsupportedMediaType") // protobuf: the client goes on with JSON
		return
	}
	if review(w, about.resource, body) {
		return
	}
	a.objects.lock.Lock()
	defer a.objects.lock.Unlock()
	if about.name == "" {
		about.name = text(metadata(body)["name"])
	}
	if about.namespace != "" {
		metadata(body)["namespace"] = about.namespace
	}
	metadata(body)["name"] = about.name
	old := a.objects.objects[about.place][about.key()]
	code := 200
	switch {
	case r.Method == http.MethodPost && old != nil:
		refuse(w, 409, "AlreadyExists")
		return
	case r.Method == http.MethodPost:
		code = 201
	case r.Method == http.MethodPut && old == nil:
		refuse(w, 404, "NotFound")
		return
	case r.Method == http.MethodPatch && old != nil:
		body = patched(old, body)
	}
	a.objects.put(about.place, body)
	reply(w, code, body)
}

func patched(old, patch object) object {
	for key, value := range patch {
		if key != "metadata" {
			old[key] = value
		}
	}
	return old
}

// review answers questions about tokens and permissions.
func review(w http.ResponseWriter, resource string, body object) bool {
	switch resource {
	case "tokenreviews":
		spec, _ := body["spec"].(object)
		subject := subjectOf(text(spec["token"]))
		body["status"] = object{
			"authenticated": subject != "",
			"audiences":     spec["audiences"],
			"user":          object{"username": subject, "groups": []string{"system:serviceaccounts", "system:authenticated"}},
		}
	case "subjectaccessreviews", "selfsubjectaccessreviews":
		body["status"] = object{"allowed": true}
	default:
		return false
	}
	reply(w, 201, body)
	return true
}

func (a *api) read(w http.ResponseWriter, r *http.Request, about target) {
	if about.name != "" {
		a.objects.lock.Lock()
		found := a.objects.objects[about.place][about.key()]
		a.objects.lock.Unlock()
		if found == nil {
			refuse(w, 404, "NotFound")
		} else {
			reply(w, 200, found)
		}
		return
	}
	query := r.URL.Query()
	want := selector(about.namespace, query.Get("fieldSelector"), query.Get("labelSelector"))
	if watching := query.Get("watch"); watching == "true" || watching == "1" {
		if query.Get("sendInitialEvents") == "true" {
			refuse(w, 422, "Invalid") // the client lists first, then watches
			return
		}
		a.watch(w, r, about.place, want)
		return
	}
	a.objects.lock.Lock()
	defer a.objects.lock.Unlock()
	list := object{"kind": listKind(about.resource), "apiVersion": about.group,
		"metadata": object{"resourceVersion": strconv.Itoa(a.objects.version)}, "items": a.objects.list(about.place, want)}
	if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
		list["kind"], list["apiVersion"] = "PartialObjectMetadataList", "meta.k8s.io/v1"
	}
	reply(w, 200, list)
}

// selector knows `metadata.name=x` of fields, and `k=v` and `k` of labels; other terms select all.
func selector(namespace, fields, labels string) func(object) bool {
	return func(o object) bool {
		about := metadata(o)
		if namespace != "" && text(about["namespace"]) != namespace {
			return false
		}
		for _, term := range strings.Split(fields, ",") {
			if name, is := strings.CutPrefix(term, "metadata.name="); is && text(about["name"]) != name {
				return false
			}
		}
		has, _ := about["labels"].(object)
		for _, term := range strings.Split(labels, ",") {
			if term == "" || strings.ContainsAny(term, "!() ") {
				continue
			}
			key, want, exact := strings.Cut(term, "=")
			if got, there := has[key]; !there || exact && text(got) != want {
				return false
			}
		}
		return true
	}
}

func (a *api) watch(w http.ResponseWriter, r *http.Request, where place, want func(object) bool) {
	mine := &watcher{where, make(chan watchEvent, watchBacklog)}
	a.objects.lock.Lock()
	a.objects.watchers[mine] = true
	a.objects.lock.Unlock()
	defer func() {
		a.objects.lock.Lock()
		delete(a.objects.watchers, mine)
		a.objects.lock.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case event := <-mine.events:
			if want(event.Object) {
				json.NewEncoder(w).Encode(event)
				w.(http.Flusher).Flush()
			}
		}
	}
}
