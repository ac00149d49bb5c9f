/* Loaded before libssl into wrk and h2load, which cannot be told any of this: TLS 1.3 with one cipher for all peers, the load's
 * client certificate (LOAD_CERT, LOAD_KEY), and resumption of the latest session (LOAD_RESUME). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdlib.h>

static SSL_SESSION *latest; /* wrk and h2load are run with one thread */

static int remember(SSL *ssl, SSL_SESSION *session) {
  (void)ssl;
  if (latest != NULL) SSL_SESSION_free(latest);
  latest = session;
  return 1; /* it is ours now */
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method) {
  SSL_CTX *(*real)(const SSL_METHOD *) = dlsym(RTLD_NEXT, "SSL_CTX_new");
  SSL_CTX *context = real(method);
  const char *certificate = getenv("LOAD_CERT"), *key = getenv("LOAD_KEY");
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  if (certificate != NULL && (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
                              SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1))
    exit(3);
  if (getenv("LOAD_RESUME") != NULL) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, remember);
  }
  return context;
}

/* The last call before a handshake. wrk takes the same SSL for its next connection, and that would keep its session: without
 * LOAD_RESUME there is no latest one, and every handshake is whole. */
int SSL_set_fd(SSL *ssl, int fd) {
  int (*real)(SSL *, int) = dlsym(RTLD_NEXT, "SSL_set_fd");
  if (SSL_in_before(ssl)) { /* wrk calls this again while a handshake is under way */
    /* A copy: a connection that ends without close_notify spoils its session. */
    SSL_SESSION *copy = latest != NULL ? SSL_SESSION_dup(latest) : NULL;
    SSL_set_session(ssl, copy);
    SSL_SESSION_free(copy);
  }
  return real(ssl, fd);
}
