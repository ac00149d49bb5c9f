// RecordBio: what OpenSSL reads from and writes to: the ciphertext that the inner transport just
// delivered, and the inner transport's output queue. Nothing is copied in between. Thread: the
// worker. Lifetime: its SSL's, which the transport owns.
#pragma once

#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

class TlsTransport;

class RecordBio {
 public:
  // One BIO for both directions; the SSL takes it.
  static void attach(SSL* ssl, TlsTransport& transport);

 private:
  static BIO_METHOD* method();
  static int read(BIO* bio, char* into, size_t size, size_t* taken);
  static int write(BIO* bio, const char* from, size_t size, size_t* taken);
  static long control(BIO* bio, int command, long number, void* pointer);
};

}  // namespace outrigger::tls
