// downstreamSslConnection() and connection():ssl(): what the client's handshake said.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"

#include "filters/http/lua/object.h"
#include "filters/http/lua/run.h"
#include "filters/http/lua/value.h"
#include "filters/http/lua/x509_name.h"

namespace outrigger::filters::lua {
namespace {

enum class Side : uint8_t {
  peer,
  local
};

// An empty one where there is no certificate.
const CertificateInfo& certificate(Run& run, Side side) {
  static const CertificateInfo kNone;
  const TlsConnection& tls = *run.context().info().connection->tls;
  const CertificateInfo* found = side == Side::peer ? tls.peer() : tls.local();
  return found == nullptr ? kNone : *found;
}

const TlsConnection& connection(Run& run) {
  return *run.context().info().connection->tls;
}

template <Side side, std::string CertificateInfo::*text>
int text_of(lua_State* state, Run& run, Object&) {
  push_text(state, certificate(run, side).*text);
  return 1;
}

template <Side side, std::vector<std::string> CertificateInfo::*list>
int list_of(lua_State* state, Run& run, Object&) {
  push_list(state, certificate(run, side).*list);
  return 1;
}

template <std::chrono::system_clock::time_point CertificateInfo::*time>
int time_of(lua_State* state, Run& run, Object&) {
  auto since = (certificate(run, Side::peer).*time).time_since_epoch();
  lua_pushinteger(state, static_cast<lua_Integer>(
                             std::chrono::duration_cast<std::chrono::seconds>(since).count()));
  return 1;
}

template <std::string CertificateInfo::*text>
int pem_of(lua_State* state, Run& run, Object&) {
  const CertificateInfo* peer = connection(run).peer_with_pem();
  push_text(state, peer == nullptr ? std::string_view() : std::string_view(peer->*text));
  return 1;
}

template <bool (TlsConnection::*question)() const>
int flag_of(lua_State* state, Run& run, Object&) {
  lua_pushboolean(state, (connection(run).*question)() ? 1 : 0);
  return 1;
}

template <std::string_view (TlsConnection::*question)() const>
int fact_of(lua_State* state, Run& run, Object&) {
  push_text(state, (connection(run).*question)());
  return 1;
}

int cipher_id(lua_State* state, Run& run, Object&) {
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "0x{:04x}", connection(run).cipher_id());
  push_text(state, {text.data(), text.size()});
  return 1;
}

int parsed_subject(lua_State* state, Run& run, Object&) {
  if (connection(run).peer() == nullptr) {
    lua_pushnil(state);
  } else {
    push_object(state, run, Kind::x509_name);
  }
  return 1;
}

int common_name(lua_State* state, Run& run, Object&) {
  X509Name name = parse_x509_name(certificate(run, Side::peer).subject);
  push_text(state, name.common_name);
  return 1;
}

int organization_name(lua_State* state, Run& run, Object&) {
  X509Name name = parse_x509_name(certificate(run, Side::peer).subject);
  push_list(state, name.organizations);
  return 1;
}

template <Method method>
constexpr lua_CFunction kTls = &call_method<Kind::tls, method>;
using Info = CertificateInfo;
constexpr Side kPeer = Side::peer;
constexpr Side kLocal = Side::local;

constexpr luaL_Reg kMethods[] = {
    {"peerCertificatePresented", kTls<&flag_of<&TlsConnection::peer_certificate_presented>>},
    {"peerCertificateValidated", kTls<&flag_of<&TlsConnection::peer_certificate_validated>>},
    {"uriSanLocalCertificate", kTls<&list_of<kLocal, &Info::uri_sans>>},
    {"uriSanPeerCertificate", kTls<&list_of<kPeer, &Info::uri_sans>>},
    {"dnsSansLocalCertificate", kTls<&list_of<kLocal, &Info::dns_sans>>},
    {"dnsSansPeerCertificate", kTls<&list_of<kPeer, &Info::dns_sans>>},
    {"oidsLocalCertificate", kTls<&list_of<kLocal, &Info::oids>>},
    {"oidsPeerCertificate", kTls<&list_of<kPeer, &Info::oids>>},
    {"sha256PeerCertificateDigest", kTls<&text_of<kPeer, &Info::sha256>>},
    {"serialNumberPeerCertificate", kTls<&text_of<kPeer, &Info::serial>>},
    {"issuerPeerCertificate", kTls<&text_of<kPeer, &Info::issuer>>},
    {"subjectPeerCertificate", kTls<&text_of<kPeer, &Info::subject>>},
    {"subjectLocalCertificate", kTls<&text_of<kLocal, &Info::subject>>},
    {"parsedSubjectPeerCertificate", kTls<&parsed_subject>},
    {"validFromPeerCertificate", kTls<&time_of<&Info::not_before>>},
    {"expirationPeerCertificate", kTls<&time_of<&Info::not_after>>},
    {"sessionId", kTls<&fact_of<&TlsConnection::session_id>>},
    {"ciphersuiteId", kTls<&cipher_id>},
    {"ciphersuiteString", kTls<&fact_of<&TlsConnection::cipher>>},
    {"urlEncodedPemEncodedPeerCertificate", kTls<&pem_of<&Info::pem>>},
    {"urlEncodedPemEncodedPeerCertificateChain", kTls<&pem_of<&Info::chain_pem>>},
    {"tlsVersion", kTls<&fact_of<&TlsConnection::version>>},
};
constexpr luaL_Reg kName[] = {
    {"commonName", &call_method<Kind::x509_name, &common_name>},
    {"organizationName", &call_method<Kind::x509_name, &organization_name>},
};

}  // namespace

Methods tls_methods() {
  return kMethods;
}
Methods x509_name_methods() {
  return kName;
}

}  // namespace outrigger::filters::lua
