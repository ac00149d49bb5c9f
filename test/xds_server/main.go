// A management server for tests: it serves what it is told, as it is told, right or wrong, and says what its clients did.
//
// Commands are lines of JSON on standard input, events lines of JSON on standard output; README.md lists both. It ends when its
// standard input does.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	address := flag.String("listen", "127.0.0.1:0", "host:port, or unix:path")
	certificate := flag.String("cert", "", "file with the server's certificate: TLS")
	key := flag.String("key", "", "file with its key")
	ca := flag.String("client-ca", "", "file with the CA that clients' certificates must have")
	idle := flag.Bool("idle", false, "do not listen before the command `start`")
	flag.Parse()

	secure, err := tlsConfig(*certificate, *key, *ca)
	server := &Server{world: newWorld(), address: *address, tls: secure}
	if err == nil && !*idle {
		err = server.start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	emit(Event{Event: "listens", Peer: server.address})
	obey(server)
}

// obey carries out commands in their order.
func obey(server *Server) {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := input.ReadBytes('\n')
		if len(line) > 0 {
			answer(server, line)
		}
		if err != nil {
			if err != io.EOF {
				fmt.Fprintln(os.Stderr, err)
			}
			return
		}
	}
}

func answer(server *Server, line []byte) {
	command, err := decode(line)
	var value any
	if err == nil {
		value, err = server.carryOut(command)
	}
	event := Event{Event: "answer", ID: command.ID, Value: value}
	if err != nil {
		event.Error = err.Error()
	}
	emit(event)
}
