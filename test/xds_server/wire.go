package main

import (
	"errors"
	"net"
	"sync"
)

// wires is a listener whose connections can be made to break.
type wires struct {
	net.Listener
	lock   sync.Mutex
	open   map[*wire]bool
	last   int
	frozen bool // new ones too
}

// How a connection breaks when the next message goes out.
const (
	whole    = ""
	cut      = "cut"      // half of the message, then FIN
	reset    = "reset"    // half of the message, then RST
	truncate = "truncate" // half of the message, then the stream's end; the connection stays
)

var errBroken = errors.New("broken on purpose")

// wire is a connection that knows HTTP/2's frames on their way out.
type wire struct {
	net.Conn
	owner *wires
	id    int

	lock    sync.Mutex
	fault   string
	header  []byte          // of the frame that is on its way, as far as it is there
	payload int             // octets of it that are still to come
	skip    int             // of these, to be dropped
	drop    map[uint32]bool // streams that have ended for the client
	frozen  chan struct{}   // closed when it is to go on; nil: it is not frozen
}

const (
	frameHeader = 9
	dataFrame   = 0
	endStream   = 1
)

func (w *wires) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	w.last++
	made := &wire{Conn: conn, owner: w, id: w.last, drop: map[uint32]bool{}}
	if w.frozen {
		made.frozen = make(chan struct{})
	}
	w.open[made] = true
	emit(Event{Event: "connected", Conn: made.id, Peer: conn.RemoteAddr().String()})
	return made, nil
}

// each does something to every open connection.
func (w *wires) each(do func(*wire)) int {
	w.lock.Lock()
	defer w.lock.Unlock()
	for one := range w.open {
		do(one)
	}
	return len(w.open)
}

func (w *wires) arm(fault string) int {
	return w.each(func(one *wire) {
		one.lock.Lock()
		one.fault = fault
		one.lock.Unlock()
	})
}

// resetAll breaks every connection at once.
func (w *wires) resetAll() int {
	return w.each(func(one *wire) { one.breakOff(true) })
}

// freeze: nothing is read or written any more, and nobody says so.
func (w *wires) freeze(on bool) {
	w.lock.Lock()
	w.frozen = on
	w.lock.Unlock()
	w.each(func(one *wire) {
		one.lock.Lock()
		defer one.lock.Unlock()
		if on && one.frozen == nil {
			one.frozen = make(chan struct{})
		} else if !on && one.frozen != nil {
			close(one.frozen)
			one.frozen = nil
		}
	})
}

func (w *wire) thawed() {
	w.lock.Lock()
	wait := w.frozen
	w.lock.Unlock()
	if wait != nil {
		<-wait
	}
}

func (w *wire) Read(into []byte) (int, error) {
	n, err := w.Conn.Read(into)
	w.thawed()
	return n, err
}

func (w *wire) Close() error {
	w.owner.lock.Lock()
	known := w.owner.open[w]
	delete(w.owner.open, w)
	w.owner.lock.Unlock()
	w.lock.Lock()
	if w.frozen != nil {
		close(w.frozen)
		w.frozen = nil
	}
	w.lock.Unlock()
	if known {
		emit(Event{Event: "disconnected", Conn: w.id})
	}
	return w.Conn.Close()
}

func (w *wire) breakOff(hard bool) {
	under := w.Conn
	if secure, is := under.(interface{ NetConn() net.Conn }); is {
		under = secure.NetConn() // no close_notify
	}
	if tcp, is := under.(*net.TCPConn); is && hard {
		tcp.SetLinger(0)
	}
	under.Close()
}

// Write passes frames on, except where a fault wants them otherwise.
func (w *wire) Write(from []byte) (int, error) {
	w.thawed()
	w.lock.Lock()
	defer w.lock.Unlock()
	out, broken := w.filter(from)
	if len(out) > 0 {
		if _, err := w.Conn.Write(out); err != nil {
			return 0, err
		}
	}
	if broken {
		w.breakOff(w.fault == reset)
		return 0, errBroken
	}
	return len(from), nil
}

func (w *wire) filter(from []byte) (out []byte, broken bool) {
	for len(from) > 0 {
		if w.payload > 0 {
			n := min(w.payload, len(from))
			keep := max(0, min(n, w.payload-w.skip))
			out = append(out, from[:keep]...)
			w.payload -= n
			from = from[n:]
			if w.payload <= w.skip && (w.fault == cut || w.fault == reset) && w.skip > 0 {
				return out, true
			}
			w.skip = min(w.skip, w.payload)
			continue
		}
		n := min(frameHeader-len(w.header), len(from))
		w.header = append(w.header, from[:n]...)
		from = from[n:]
		if len(w.header) == frameHeader {
			out = append(out, w.frame()...)
			w.header = w.header[:0]
		}
	}
	return out, false
}

// frame looks at a frame's header and returns what goes out of it.
func (w *wire) frame() []byte {
	header := append([]byte(nil), w.header...)
	w.payload = int(header[0])<<16 | int(header[1])<<8 | int(header[2])
	w.skip = 0
	id := uint32(header[5]&0x7f)<<24 | uint32(header[6])<<16 | uint32(header[7])<<8 | uint32(header[8])
	if w.drop[id] {
		w.skip = w.payload
		return nil
	}
	if w.fault == whole || header[3] != dataFrame || w.payload == 0 {
		return header
	}
	w.skip = (w.payload + 1) / 2
	if w.fault == truncate {
		half := w.payload - w.skip
		header[0], header[1], header[2] = byte(half>>16), byte(half>>8), byte(half)
		header[4] |= endStream
		w.drop[id] = true
		w.fault = whole
	}
	return header
}
