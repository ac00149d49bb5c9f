// What the server says of itself: state, version, memory, what it waits for.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

#include "envoy/admin/v3/certs.pb.h"
#include "envoy/admin/v3/init_dump.pb.h"
#include "envoy/admin/v3/memory.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using envoy::admin::v3::ServerInfo;

ServerInfo::State to_proto(ServerState state) {
  switch (state) {
    case ServerState::live:
      return ServerInfo::LIVE;
    case ServerState::draining:
      return ServerInfo::DRAINING;
    case ServerState::pre_initializing:
      return ServerInfo::PRE_INITIALIZING;
    case ServerState::initializing:
      return ServerInfo::INITIALIZING;
  }
  return ServerInfo::INITIALIZING;
}

// Resident bytes of the process; 0 if the system does not say.
uint64_t physical_bytes() {
  unsigned long long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%*s %llu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// A target named "init manager Listener l1" belongs to the component "listener".
bool in_mask(const std::string& mask, const std::string& target) {
  if (mask.empty()) return true;
  std::vector<std::string> components = absl::StrSplit(absl::AsciiStrToLower(mask), ',');
  std::vector<std::string> words = absl::StrSplit(absl::AsciiStrToLower(target), ' ');
  return std::find_first_of(components.begin(), components.end(), words.begin(), words.end()) !=
         components.end();
}

void set_time(std::chrono::system_clock::time_point from, google::protobuf::Timestamp& to) {
  to.set_seconds(std::chrono::system_clock::to_time_t(from));
}

void describe(const CertificateStatus& from, envoy::admin::v3::CertificateDetails& to) {
  to.set_path(from.path);
  to.set_serial_number(from.serial);
  for (const std::string& name : from.dns_names) to.add_subject_alt_names()->set_dns(name);
  for (const std::string& name : from.uris) to.add_subject_alt_names()->set_uri(name);
  for (const std::string& name : from.ip_addresses)
    to.add_subject_alt_names()->set_ip_address(name);
  auto left = from.expires - std::chrono::system_clock::now();
  int64_t days = std::chrono::duration_cast<std::chrono::days>(left).count();
  to.set_days_until_expiration(days > 0 ? static_cast<uint64_t>(days) : 0);
  set_time(from.valid_from, *to.mutable_valid_from());
  set_time(from.expires, *to.mutable_expiration_time());
  if (!from.ocsp) return;
  set_time(from.ocsp->first, *to.mutable_ocsp_details()->mutable_valid_from());
  set_time(from.ocsp->second, *to.mutable_ocsp_details()->mutable_expiration());
}

}  // namespace

Response ready_page(const Request&, ServerView& view) {
  ServerState state = view.state();
  return Response::text(state == ServerState::live ? 200 : 503,
                        ServerInfo::State_Name(to_proto(state)) + "\n");
}

Response server_info_page(const Request&, ServerView& view) {
  ServerInfo info;
  info.set_version(view.version());
  info.set_state(to_proto(view.state()));
  info.mutable_uptime_current_epoch()->set_seconds(view.uptime().count());
  info.mutable_uptime_all_epochs()->set_seconds(view.uptime().count());
  info.set_hot_restart_version("disabled");
  *info.mutable_command_line_options() = view.command_line_options();
  *info.mutable_node() = view.bootstrap_proto().node();
  return Response::json(to_json(info, true));
}

Response memory_page(const Request&, ServerView&) {
  struct mallinfo2 heap = mallinfo2();
  envoy::admin::v3::Memory memory;
  memory.set_allocated(heap.uordblks + heap.hblkhd);
  memory.set_heap_size(heap.arena + heap.hblkhd);
  memory.set_pageheap_unmapped(0);  // the C library does not say what it gave back
  memory.set_pageheap_free(heap.fordblks);
  memory.set_total_thread_cache(heap.fsmblks);
  memory.set_total_physical_bytes(physical_bytes());
  return Response::json(to_json(memory, true));
}

Response certs_page(const Request&, ServerView& view) {
  envoy::admin::v3::Certificates all;
  for (const TlsContextStatus& context : view.tls_contexts()) {
    auto& entry = *all.add_certificates();
    for (const CertificateStatus& one : context.authorities) describe(one, *entry.add_ca_cert());
    for (const CertificateStatus& one : context.certificates)
      describe(one, *entry.add_cert_chain());
  }
  return Response::json(to_json(all, true));
}

Response hot_restart_version_page(const Request&, ServerView&) {
  return Response::text(200, "disabled");
}

Response init_dump_page(const Request& request, ServerView& view) {
  std::string mask = request.params.get("mask").value_or("");
  envoy::admin::v3::UnreadyTargetsDumps dumps;
  for (const UnreadyTarget& target : view.unready_targets()) {
    if (!in_mask(mask, target.name)) continue;
    auto* dump = dumps.add_unready_targets_dumps();
    dump->set_name(target.name);
    for (const std::string& name : target.waiting_for) dump->add_target_names(name);
  }
  return Response::json(to_json(dumps));
}

Response heap_dump_page(const Request&, ServerView&) {
  return Response::text(501, "Heap dump is not supported in current build");
}

Response tcmalloc_page(const Request&, ServerView&) {
  return Response::text(501, "The allocator of this build is the C library's: see /memory");
}

Response contention_page(const Request&, ServerView&) {
  return Response::text(
      200,
      "Mutex contention tracing is not enabled. The request path takes no lock, so "
      "--enable-mutex-tracing has no effect.\n");
}

}  // namespace outrigger::admin
