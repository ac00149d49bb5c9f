#include "proxy/observe/log_tls.h"

#include "proxy/observe/log_peer.h"

namespace outrigger::observe {
namespace {

using config::LogCommand;
using config::LogTls;

LogValue joined(const std::vector<std::string>& parts, LogScratch& scratch) {
  if (parts.size() == 1) return non_empty(parts.front());
  scratch.large.clear();
  for (const std::string& part : parts) {
    if (!scratch.large.empty()) scratch.large += ',';
    scratch.large += part;
  }
  return non_empty(scratch.large);
}

LogValue certificate_time(const LogCommand& command, SystemTime time, const LogContext& context,
                          LogScratch& scratch) {
  if (context.times != nullptr) return context.times->text(command.text, TimeText::Zone::utc, time);
  if (!scratch.times) scratch.times.emplace();
  return scratch.times->text(command.text, TimeText::Zone::utc, time);
}

LogValue peer(const LogCommand& command, const CertificateInfo& peer, const LogContext& context,
              LogScratch& scratch) {
  switch (command.tls) {
    case LogTls::peer_subject:
      return non_empty(peer.subject);
    case LogTls::peer_issuer:
      return non_empty(peer.issuer);
    case LogTls::peer_serial:
      return non_empty(peer.serial);
    case LogTls::peer_fingerprint_256:
      return non_empty(peer.sha256);
    case LogTls::peer_fingerprint_1:
      return non_empty(peer.sha1);
    case LogTls::peer_chain_fingerprints_256:
      return joined(peer.chain_sha256, scratch);
    case LogTls::peer_chain_fingerprints_1:
      return joined(peer.chain_sha1, scratch);
    case LogTls::peer_chain_serials:
      return joined(peer.chain_serials, scratch);
    case LogTls::peer_issuer_fingerprint_256:
      return non_empty(peer.issuer_sha256);
    case LogTls::peer_issuer_serial:
      return non_empty(peer.issuer_serial);
    case LogTls::peer_cert:
      return non_empty(peer.pem);
    case LogTls::peer_cert_v_start:
      return certificate_time(command, peer.not_before, context, scratch);
    case LogTls::peer_cert_v_end:
      return certificate_time(command, peer.not_after, context, scratch);
    case LogTls::peer_uri_san:
      return joined(peer.uri_sans, scratch);
    case LogTls::peer_dns_san:
      return joined(peer.dns_sans, scratch);
    case LogTls::peer_ip_san:
      return joined(peer.ip_sans, scratch);
    case LogTls::peer_email_san:
      return joined(peer.email_sans, scratch);
    default:
      return joined(peer.other_name_sans, scratch);
  }
}

LogValue local(LogTls what, const CertificateInfo& local, LogScratch& scratch) {
  switch (what) {
    case LogTls::local_subject:
      return non_empty(local.subject);
    case LogTls::local_uri_san:
      return joined(local.uri_sans, scratch);
    case LogTls::local_dns_san:
      return joined(local.dns_sans, scratch);
    case LogTls::local_ip_san:
      return joined(local.ip_sans, scratch);
    case LogTls::local_email_san:
      return joined(local.email_sans, scratch);
    default:
      return joined(local.other_name_sans, scratch);
  }
}

LogValue connection(const LogCommand& command, const TlsConnection& tls, const LogContext& context,
                    LogScratch& scratch) {
  switch (command.tls) {
    case LogTls::version:
      return non_empty(tls.version());
    case LogTls::cipher:
      return non_empty(tls.cipher());
    case LogTls::group:
      return non_empty(tls.group());
    case LogTls::session_id:
      return non_empty(tls.session_id());
    case LogTls::server_name:
      return non_empty(tls.server_name());
    default:
      break;
  }
  bool of_peer = command.tls < LogTls::local_subject;
  const CertificateInfo* certificate = !of_peer                           ? tls.local()
                                       : command.tls == LogTls::peer_cert ? tls.peer_with_pem()
                                                                          : tls.peer();
  if (certificate == nullptr) return {};
  return of_peer ? peer(command, *certificate, context, scratch)
                 : local(command.tls, *certificate, scratch);
}

// Of the ClientHello, whoever ends the TLS connection.
LogValue fingerprint(LogTls which, const DownstreamConnectionInfo* connection) {
  if (connection == nullptr || connection->extras == nullptr) return {};
  const ConnectionExtras& extras = *connection->extras;
  return non_empty(which == LogTls::ja3 ? extras.ja3 : extras.ja4);
}

}  // namespace

LogValue tls_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  const DownstreamConnectionInfo* downstream = context.info.connection;
  if (command.tls == LogTls::ja3 || command.tls == LogTls::ja4)
    return fingerprint(command.tls, downstream);
  const TlsConnection* tls = command.upstream        ? context.info.upstream_tls.get()
                             : downstream == nullptr ? nullptr
                                                     : downstream->tls;
  return tls == nullptr ? LogValue() : connection(command, *tls, context, scratch);
}

}  // namespace outrigger::observe
