// /listeners: every listener with the addresses that it is really bound to.
#include "fmt/format.h"

#include "envoy/admin/v3/listeners.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

std::string as_json(const std::vector<ListenerStatus>& listeners) {
  envoy::admin::v3::Listeners page;
  for (const ListenerStatus& listener : listeners) {
    auto* status = page.add_listener_statuses();
    status->set_name(listener.config->name);
    *status->mutable_local_address() = to_proto(listener.bound);
    for (const net::Address& address : listener.bound_additional) {
      *status->add_additional_local_addresses() = to_proto(address);
    }
  }
  return to_json(page);
}

std::string as_text(const std::vector<ListenerStatus>& listeners) {
  std::string page;
  for (const ListenerStatus& listener : listeners) {
    page += fmt::format("{}::{}\n", listener.config->name, listener.bound.text());
    for (const net::Address& address : listener.bound_additional) {
      page += fmt::format("{}::{}\n", listener.config->name, address.text());
    }
  }
  return page;
}

}  // namespace

Response listeners_page(const Request& request, ServerView& view) {
  if (request.params.get("format") == "json") return Response::json(as_json(view.listeners()));
  return Response::text(200, as_text(view.listeners()));
}

}  // namespace outrigger::admin
