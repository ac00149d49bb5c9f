// ClientHello: what a server's choice of certificate needs of the hello. Thread: the worker, inside
// of OpenSSL's hello callback.
#pragma once

#include <string>
#include <vector>

#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

struct ClientHello {
  std::string server_name;        // lower case; empty: none
  std::vector<int> ecdsa_curves;  // NIDs on which the client can verify ECDSA; empty: it cannot
  bool wants_ocsp = false;
};

// What is malformed counts as not there: OpenSSL refuses it afterwards.
ClientHello read_client_hello(SSL* ssl);

}  // namespace outrigger::tls
