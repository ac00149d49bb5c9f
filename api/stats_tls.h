// listener.<address>.ssl.*, cluster.<name>.ssl.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/stats#tls-statistics
// `ciphers`, `curves`, `sigalgs`, `versions` are per name and made when seen (proxy/tls).
#pragma once

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_TLS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(connection_error)                                   \
  COUNTER(fail_verify_cert_hash)                              \
  COUNTER(fail_verify_error)                                  \
  COUNTER(fail_verify_no_cert)                                \
  COUNTER(fail_verify_san)                                    \
  COUNTER(handshake)                                          \
  COUNTER(no_certificate)                                     \
  COUNTER(ocsp_staple_failed)                                 \
  COUNTER(ocsp_staple_omitted)                                \
  COUNTER(ocsp_staple_requests)                               \
  COUNTER(ocsp_staple_responses)                              \
  COUNTER(session_reused)
OUTRIGGER_DEFINE_STATS(TlsStats, OUTRIGGER_TLS_STATS)

// listener.<address>.server_ssl_socket_factory.*, cluster.<name>.client_ssl_socket_factory.*
#define OUTRIGGER_TLS_FACTORY_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(downstream_context_secrets_not_ready)                       \
  COUNTER(ssl_context_update_by_sds)                                  \
  COUNTER(ssl_context_update_rejected)                                \
  COUNTER(upstream_context_secrets_not_ready)
OUTRIGGER_DEFINE_STATS(TlsFactoryStats, OUTRIGGER_TLS_FACTORY_STATS)

// listener.<address>.ssl.certificate.<name>.*, cluster.<name>.ssl.certificate.<name>.*
#define OUTRIGGER_TLS_CERTIFICATE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  GAUGE(expiration_unix_time_seconds)
OUTRIGGER_DEFINE_STATS(TlsCertificateStats, OUTRIGGER_TLS_CERTIFICATE_STATS)

// cluster.<name>.<match>.*
#define OUTRIGGER_TRANSPORT_SOCKET_MATCH_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(total_match_count)
OUTRIGGER_DEFINE_STATS(TransportSocketMatchStats, OUTRIGGER_TRANSPORT_SOCKET_MATCH_STATS)

}  // namespace outrigger
