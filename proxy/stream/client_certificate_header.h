// x-forwarded-client-cert: which client certificates a request came by, one element for each proxy.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
// Thread: the stream's worker. Text lives in the headers' arena.
#pragma once

#include <string>

#include "api/config/http_connection_manager.h"
#include "api/http/header_map.h"
#include "api/tls_connection.h"

namespace outrigger::stream {

// Keeps, removes or writes the header as configured. `tls`: nullptr without TLS.
void apply_client_certificate_header(const config::HttpConnectionManager& config,
                                     const TlsConnection* tls, http::HeaderMap& headers);

// This proxy's element: By, Hash, and the details that are asked for. Whatever a certificate says,
// the element stays one element: a name that could be read otherwise is quoted, and control
// characters are written as "%0D".
std::string client_certificate_element(const config::ClientCertDetails& details,
                                       const CertificateInfo& client, const CertificateInfo* own);

}  // namespace outrigger::stream
