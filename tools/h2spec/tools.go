// Package tools pins h2spec, the HTTP/2 conformance client, and what it needs, at versions that Debian 12's Go builds.
//go:build tools

package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
