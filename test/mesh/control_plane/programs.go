// Package control_plane names the programs that test/mesh/build makes of other modules, so that go.mod keeps what they need.
//
//go:build tools

package control_plane

import (
	_ "istio.io/istio/istioctl/cmd/istioctl"
	_ "istio.io/istio/pilot/cmd/pilot-agent"
	_ "istio.io/istio/pilot/cmd/pilot-discovery"
)
