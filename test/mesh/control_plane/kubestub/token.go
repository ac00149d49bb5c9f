package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

const (
	issuedAt  = 1767225600 // 2026
	expiresAt = 4102444800 // 2100: longer than any test
)

// tokenOf makes a service account's token ("namespace:account") as a cluster projects it into a pod, but for the signature.
func tokenOf(account string) string {
	namespace, name, _ := strings.Cut(account, ":")
	claims, _ := json.Marshal(map[string]any{
		"iss": "kubernetes/serviceaccount",
		"aud": []string{"istio-ca"},
		"sub": "system:serviceaccount:" + account,
		"iat": issuedAt, "exp": expiresAt,
		"kubernetes.io": map[string]any{"namespace": namespace, "serviceaccount": map[string]string{"name": name, "uid": "uid-" + name}},
	})
	part := base64.RawURLEncoding.EncodeToString
	return strings.Join([]string{part([]byte(`{"alg":"none"}`)), part(claims), part([]byte("unsigned"))}, ".")
}

// subjectOf says whose token it is; empty: it is none.
func subjectOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Subject
}
