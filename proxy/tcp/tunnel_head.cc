#include "proxy/tcp/tunnel_head.h"

#include <string>
#include <string_view>

#include "proxy/observe/substitution.h"

namespace outrigger::tcp {
namespace {

using config::HeaderAddition;
using http::HeaderId;

void apply(const HeaderAddition& addition, std::string_view value, http::HeaderMap& head) {
  bool exists = head.find(addition.name) != nullptr;
  switch (addition.action) {
    case HeaderAddition::Action::append_if_exists_or_add:
      head.add(addition.name, value);
      return;
    case HeaderAddition::Action::add_if_absent:
      if (!exists) head.add(addition.name, value);
      return;
    case HeaderAddition::Action::overwrite_if_exists_or_add:
      head.set(addition.name, value);
      return;
    case HeaderAddition::Action::overwrite_if_exists:
      if (exists) head.set(addition.name, value);
      return;
  }
}

}  // namespace

const http::HeaderMap& make_tunnel_head(const config::TcpProxy::Tunneling& tunneling,
                                        const observe::LogContext& context, bool tls,
                                        Arena& arena) {
  auto& head = *arena.make<http::HeaderMap>(arena);
  std::string_view host = observe::evaluate_to_arena(tunneling.hostname, context, arena);
  head.add(HeaderId::method, tunneling.use_post ? "POST" : "CONNECT");
  if (tunneling.use_post) {
    head.add(HeaderId::scheme, tls ? "https" : "http");
    head.add(HeaderId::path, tunneling.post_path.empty() ? std::string_view("/")
                                                         : std::string_view(tunneling.post_path));
  }
  head.add(HeaderId::authority, host);
  for (const HeaderAddition& addition : tunneling.headers.add) {
    std::string_view value = observe::evaluate_to_arena(addition.value, context, arena);
    if (!value.empty() || addition.keep_empty_value) apply(addition, value, head);
  }
  return head;
}

std::string head_text(const http::HeaderMap& headers) {
  std::string text;
  for (const http::HeaderField& field : headers.fields()) {
    text += field.name;
    text += ": ";
    text += field.value;
    text += '\n';
  }
  return text;
}

}  // namespace outrigger::tcp
