#include "proxy/stream/client_certificate_header.h"

#include <string_view>
#include <utility>

namespace outrigger::stream {
namespace {

using config::ForwardClientCert;
using http::HeaderId;

bool printable(unsigned char c) {
  return c >= 0x20 && c < 0x7f;
}

void add_printable(unsigned char c, std::string& to) {
  constexpr char kHex[] = "0123456789ABCDEF";
  if (printable(c)) {
    to += static_cast<char>(c);
    return;
  }
  to += '%';
  to += kHex[c >> 4];
  to += kHex[c & 15];
}

void add_key(std::string_view key, std::string& to) {
  if (!to.empty()) to += ';';
  to += key;
  to += '=';
}

// A name of a certificate. Most need no quotes, and Envoy writes none.
void add_name(std::string_view key, std::string_view value, std::string& to) {
  add_key(key, to);
  bool quotes = value.find_first_of(",;\"\\ ") != std::string_view::npos;
  if (quotes) to += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') to += '\\';
    add_printable(static_cast<unsigned char>(c), to);
  }
  if (quotes) to += '"';
}

// What comes in quotes always, and has its own quotes escaped already: RFC 2253 and PEM.
void add_quoted(std::string_view key, std::string_view value, std::string& to) {
  add_key(key, to);
  to += '"';
  for (char c : value) add_printable(static_cast<unsigned char>(c), to);
  to += '"';
}

}  // namespace

std::string client_certificate_element(const config::ClientCertDetails& details,
                                       const CertificateInfo& client, const CertificateInfo* own) {
  std::string element;
  if (own != nullptr) {
    for (const std::string& uri : own->uri_sans) add_name("By", uri, element);
  }
  add_name("Hash", client.sha256, element);
  if (details.cert) add_quoted("Cert", client.pem, element);
  if (details.chain) add_quoted("Chain", client.chain_pem, element);
  if (details.subject) add_quoted("Subject", client.subject, element);
  if (details.uri) {
    for (const std::string& uri : client.uri_sans) add_name("URI", uri, element);
  }
  if (details.dns) {
    for (const std::string& dns : client.dns_sans) add_name("DNS", dns, element);
  }
  return element;
}

void apply_client_certificate_header(const config::HttpConnectionManager& config,
                                     const TlsConnection* tls, http::HeaderMap& headers) {
  constexpr HeaderId kHeader = HeaderId::x_forwarded_client_cert;
  if (config.forward_client_cert == ForwardClientCert::always_forward_only) return;
  const CertificateInfo* client = nullptr;
  if (config.forward_client_cert != ForwardClientCert::sanitize && tls != nullptr &&
      tls->peer_certificate_presented())
    client = config.client_cert_details.cert || config.client_cert_details.chain
                 ? tls->peer_with_pem()
                 : tls->peer();
  if (client == nullptr) {
    headers.remove(kHeader);
    return;
  }
  if (config.forward_client_cert == ForwardClientCert::forward_only) return;
  std::string element =
      client_certificate_element(config.client_cert_details, *client, tls->local());
  // The header may have come as several fields; this proxy's element must be the last of all.
  std::string list;
  if (config.forward_client_cert == ForwardClientCert::append_forward) {
    headers.remove_if([&list](const http::HeaderField& field) {
      if (field.id != kHeader) return false;
      if (!field.value.empty()) list += std::string(field.value) + ",";
      return true;
    });
  }
  headers.set(kHeader, headers.arena().copy(list + element));
}

}  // namespace outrigger::stream
