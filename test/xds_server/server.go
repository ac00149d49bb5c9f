package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Server is the place where the world is served. It can go away and come back.
type Server struct {
	world   *World
	address string // host:port, or unix:path
	tls     *tls.Config

	lock  sync.Mutex
	grpc  *grpc.Server
	wires *wires
}

// tlsConfig of a certificate with its key; with a CA, clients must show a certificate of it.
func tlsConfig(certificate, key, ca string) (*tls.Config, error) {
	if certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	made := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		made.ClientCAs = x509.NewCertPool()
		if !made.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", ca)
		}
		made.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return made, nil
}

// start listens; it may follow stop.
func (s *Server) start() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.grpc != nil {
		return errors.New("it listens already")
	}
	listener, err := listen(s.address)
	if err != nil {
		return err
	}
	if _, is := listener.(*net.TCPListener); is {
		s.address = listener.Addr().String() // the port that was chosen stays the same when it comes back
	}
	if s.tls != nil {
		listener = tls.NewListener(listener, s.tls)
	}
	s.wires = &wires{Listener: listener, open: map[*wire]bool{}}
	s.grpc = grpc.NewServer(
		grpc.UnknownServiceHandler(s.serve),
		grpc.MaxRecvMsgSize(math.MaxInt32),
		// Any client may ping as often as it likes: what it does is looked at, not punished.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Millisecond, PermitWithoutStream: true}),
	)
	go s.grpc.Serve(s.wires)
	return nil
}

func listen(address string) (net.Listener, error) {
	if path, is := strings.CutPrefix(address, "unix:"); is {
		os.Remove(path)
		return net.Listen("unix", path)
	}
	return net.Listen("tcp", address)
}

// stop closes the port and all connections; politely: with GOAWAY, and streams may go on.
func (s *Server) stop(politely bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.grpc == nil {
		return
	}
	if politely {
		go s.grpc.GracefulStop()
	} else {
		s.grpc.Stop()
	}
	s.grpc = nil
}

// serve is every method of every service.
func (s *Server) serve(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	kind, delta, known := serviceOf(method)
	meta, _ := metadata.FromIncomingContext(stream.Context())
	if !known {
		emit(Event{Event: "unknown_method", Method: method, Meta: meta})
		return status.Errorf(codes.Unimplemented, "%s is not served", method)
	}
	if refused := s.world.turnAway(); refused != nil {
		emit(Event{Event: "refused", Method: method, Meta: meta})
		return status.Error(codes.Code(refused.code), refused.message)
	}
	served := newStream(s.world, kind, delta)
	emit(Event{Event: "opened", Stream: served.id, Method: method, Type: kind, Delta: delta, Meta: meta, Peer: peerName(stream)})
	var senders sync.WaitGroup
	senders.Go(func() { served.send(stream) })
	go receive(served, stream)
	err := <-served.end
	served.finish()
	senders.Wait() // gRPC allows no message after the handler's end
	emit(Event{Event: "closed", Stream: served.id, Type: kind, Code: int32(status.Code(err))})
	return err
}

// receive reads requests until there are no more.
func receive(served *stream, stream grpc.ServerStream) {
	for {
		var err error
		if served.delta {
			request := &discovery.DeltaDiscoveryRequest{}
			if err = stream.RecvMsg(request); err == nil {
				served.incremental(request)
			}
		} else {
			request := &discovery.DiscoveryRequest{}
			if err = stream.RecvMsg(request); err == nil {
				served.whole(request)
			}
		}
		if errors.Is(err, io.EOF) {
			err = nil
			served.close(nil)
			return
		}
		if err != nil {
			served.close(err)
			return
		}
	}
}

// close ends the stream from the server's side; only the first reason counts.
func (s *stream) close(err error) {
	select {
	case s.end <- err:
	default:
	}
}

func peerName(stream grpc.ServerStream) string {
	if who, ok := peer.FromContext(stream.Context()); ok {
		return who.Addr.String()
	}
	return ""
}

// sendRaw puts a response together as it was told, right or wrong, and sends it to every stream of that kind.
func (w *World) sendRaw(raw *rawResponse) int {
	w.Lock()
	defer w.Unlock()
	url := urlOf(raw.Type)
	sent := 0
	w.eachStream(func(s *stream) {
		sub := s.subs[url]
		if sub == nil || raw.Stream != 0 && raw.Stream != s.id {
			return
		}
		nonce := s.nextNonce()
		if raw.Nonce != nil {
			nonce = *raw.Nonce
		}
		if !raw.Stale {
			sub.nonce = nonce
		}
		s.post(url, raw.message(s.delta, nonce))
		sent++
	})
	return sent
}

// rawResponse is a response without any care.
type rawResponse struct {
	Type      string      `json:"type"`
	URL       *string     `json:"type_url"` // says that it is of another type
	Version   string      `json:"version"`
	Nonce     *string     `json:"nonce"`
	Stale     bool        `json:"stale"` // the server goes on as if it had not sent it
	Resources []*Resource `json:"resources"`
	Removed   []string    `json:"removed"`
	Stream    int         `json:"stream"`
}

func (r *rawResponse) message(delta bool, nonce string) proto.Message {
	url := urlOf(r.Type)
	if r.URL != nil {
		url = *r.URL
	}
	for _, resource := range r.Resources {
		if resource.URL == "" {
			resource.URL = urlOf(r.Type)
		}
	}
	if delta {
		made := &discovery.DeltaDiscoveryResponse{TypeUrl: url, SystemVersionInfo: r.Version, Nonce: nonce, RemovedResources: r.Removed}
		for _, resource := range r.Resources {
			made.Resources = append(made.Resources, wrapped(resource))
		}
		return made
	}
	made := &discovery.DiscoveryResponse{TypeUrl: url, VersionInfo: r.Version, Nonce: nonce}
	for _, resource := range r.Resources {
		made.Resources = append(made.Resources, inWhole(resource))
	}
	return made
}
