#include "proxy/observe/log_attempts.h"

#include "proxy/observe/line_buffer.h"
#include "proxy/observe/log_peer.h"

namespace outrigger::observe {
namespace {

using config::LogField;

// Empty: the attempt has nothing to show.
std::string_view text_of(LogField field, const UpstreamAttempt& attempt, LogScratch& scratch) {
  switch (field) {
    case LogField::upstream_hosts_attempted:
      return address_text(attempt.address, true, scratch.small);
    case LogField::upstream_hosts_attempted_without_port:
      return address_text(attempt.address, false, scratch.small);
    case LogField::upstream_host_names_attempted:
      return host_name(attempt.hostname, attempt.address, true, scratch);
    case LogField::upstream_host_names_attempted_without_port:
      return host_name(attempt.hostname, attempt.address, false, scratch);
    default: {
      if (attempt.connection_id == 0) return {};
      LineBuffer out(scratch.small, sizeof scratch.small);
      out.append_number(attempt.connection_id);
      return out.view();
    }
  }
}

// Several tries on one host, or on one connection, are shown once.
bool shown_before(LogField field, const UpstreamAttempt& attempt, const StreamInfo& info) {
  bool by_connection = field == LogField::upstream_connection_ids_attempted;
  for (const UpstreamAttempt* each = info.first_attempt; each != &attempt; each = each->next) {
    bool same = by_connection ? each->connection_id == attempt.connection_id
                              : each->address == attempt.address;
    if (same) return true;
  }
  return false;
}

}  // namespace

LogValue attempts_value(LogField field, const StreamInfo& info, LogScratch& scratch) {
  scratch.large.clear();
  for (const UpstreamAttempt* attempt = info.first_attempt; attempt != nullptr;
       attempt = attempt->next) {
    std::string_view text = text_of(field, *attempt, scratch);
    if (text.empty() || shown_before(field, *attempt, info)) continue;
    if (!scratch.large.empty()) scratch.large += ',';
    scratch.large += text;
  }
  return non_empty(scratch.large);
}

}  // namespace outrigger::observe
