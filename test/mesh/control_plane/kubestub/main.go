// A stand-in for the Kubernetes API server, from memory and on a test's own hosts only: enough for istiod to watch what it wants to
// watch, to find its Secrets and to ask who a proxy is. It believes every token and allows everything.
//
//	kubestub -listen 127.0.0.1:6080 -objects FOLDER     serves the objects of the folder's YAML files
//	kubestub -token demo:client                         prints a token of that namespace's service account
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
)

func main() {
	address := flag.String("listen", "127.0.0.1:6080", "where to listen")
	folder := flag.String("objects", "", "folder with YAML files of objects")
	account := flag.String("token", "", "namespace:account to print a token of")
	flag.Parse()
	if *account != "" {
		fmt.Print(tokenOf(*account))
		return
	}
	objects := newStore()
	if err := objects.load(*folder); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*address, &api{objects}))
}
