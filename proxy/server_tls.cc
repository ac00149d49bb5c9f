#include "proxy/server_tls.h"

#include <algorithm>

#include "proxy/runtime/log.h"
#include "proxy/tls/inspect.h"
#include "proxy/tls/ticket_keys.h"

namespace outrigger {
namespace {

// BoringSSL's way: a key encrypts for two days and is understood for two more. Tickets themselves
// are good for hours only.
constexpr std::chrono::hours kTicketKeyAge{48};
constexpr size_t kTicketKeys = 2;

std::optional<std::chrono::system_clock::time_point> ocsp_expiry_of(
    const tls::CertificateSummary& certificate) {
  if (!certificate.ocsp) return std::nullopt;
  return certificate.ocsp->expires;
}

absl::StatusOr<std::vector<xds::TlsCertificateFact>> check(const config::TlsContext& context,
                                                           xds::TlsSide side) {
  if (absl::Status status = tls::check(context, side == xds::TlsSide::downstream); !status.ok())
    return status;
  std::vector<xds::TlsCertificateFact> facts;
  tls::ContextSummary summary = tls::summarize(context);
  for (const tls::CertificateSummary& one : summary.certificates)
    facts.push_back({one.name, one.expires, ocsp_expiry_of(one)});
  if (summary.authority)
    facts.push_back({summary.authority->name, summary.authority->expires, std::nullopt});
  return facts;
}

// Whole ones; 0: it is over.
template <class Unit>
std::optional<uint64_t> left_until(
    const std::optional<std::chrono::system_clock::time_point>& end) {
  if (!end) return std::nullopt;
  auto left = std::chrono::duration_cast<Unit>(*end - std::chrono::system_clock::now());
  return static_cast<uint64_t>(std::max<int64_t>(left.count(), 0));
}

void write_log(bool warning, const std::string& text) {
  if (warning) {
    OUTRIGGER_LOG(secret, warning, "{}", text);
  } else {
    OUTRIGGER_LOG(secret, info, "{}", text);
  }
}

admin::CertificateStatus status_of(const tls::CertificateSummary& from) {
  admin::CertificateStatus status{from.path,         from.serial,     from.dns_names, from.uris,
                                  from.ip_addresses, from.valid_from, from.expires,   {}};
  if (from.ocsp) status.ocsp = {from.ocsp->valid_from, from.ocsp->expires};
  return status;
}

}  // namespace

ServerTls::ServerTls(boost::asio::io_context& io)
    : files_(io), rotation_timer_(io), secrets_({&files_, check, write_log, ticket_keys_}) {
  rotate_ticket_keys();
}

void ServerTls::rotate_ticket_keys() {
  config::TicketKeyRing::Keys keys = ticket_keys_->keys();
  std::string key = tls::make_ticket_key();
  if (!key.empty()) keys.insert(keys.begin(), std::move(key));
  keys.resize(std::min(keys.size(), kTicketKeys));
  ticket_keys_->set(std::move(keys));
  rotation_timer_.expires_after(kTicketKeyAge);
  rotation_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) rotate_ticket_keys();
  });
}

std::vector<admin::TlsContextStatus> ServerTls::contexts() const {
  std::vector<admin::TlsContextStatus> all;
  for (const config::TlsContextPtr& context : secrets_.contexts()) {
    tls::ContextSummary summary = tls::summarize(*context);
    admin::TlsContextStatus& status = all.emplace_back();
    if (summary.authority) status.authorities.push_back(status_of(*summary.authority));
    for (const tls::CertificateSummary& one : summary.certificates)
      status.certificates.push_back(status_of(one));
  }
  return all;
}

std::optional<uint64_t> ServerTls::days_until_first_expiry() const {
  return left_until<std::chrono::days>(secrets_.first_expiry());
}

std::optional<uint64_t> ServerTls::seconds_until_first_ocsp_expiry() const {
  return left_until<std::chrono::seconds>(secrets_.first_ocsp_expiry());
}

}  // namespace outrigger
