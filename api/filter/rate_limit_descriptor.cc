#include "api/filter/rate_limit_descriptor.h"

#include <string_view>

#include "api/config/route.h"

namespace outrigger {
namespace {

using config::RateLimit;
using config::RateLimitAction;
using http::HeaderId;
using Kind = RateLimitAction::Kind;
using Entries = std::vector<std::pair<std::string, std::string>>;

// The network's octets with the prefix set to 0 behind it, as text: "10.1.0.0/16".
std::string masked(const net::Address& address, uint32_t v4_prefix, uint32_t v6_prefix) {
  uint32_t bits =
      address.family() == AF_INET ? std::min(v4_prefix, 32u) : std::min(v6_prefix, 128u);
  auto clear = [bits](auto& octets, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      uint32_t begin = static_cast<uint32_t>(i) * 8;
      uint32_t kept = bits <= begin ? 0 : std::min(bits - begin, 8u);
      octets[i] = static_cast<unsigned char>(octets[i] & ~(0xffu >> kept));
    }
  };
  net::Address network;
  if (address.family() == AF_INET) {
    sockaddr_in socket = *reinterpret_cast<const sockaddr_in*>(address.data());
    clear(reinterpret_cast<unsigned char(&)[4]>(socket.sin_addr), 4);
    network =
        net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&socket), sizeof socket);
  } else {
    sockaddr_in6 socket = *reinterpret_cast<const sockaddr_in6*>(address.data());
    clear(socket.sin6_addr.s6_addr, 16);
    network =
        net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&socket), sizeof socket);
  }
  return network.ip_text() + "/" + std::to_string(bits);
}

std::optional<std::string_view> query_parameter(std::string_view path, std::string_view name) {
  size_t mark = path.find('?');
  std::string_view query =
      mark == std::string_view::npos ? std::string_view() : path.substr(mark + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    size_t equals = part.find('=');
    if (part.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
  }
  return std::nullopt;
}

std::string metadata_text(const Metadata* metadata, const config::MetadataPath& path,
                          const std::string& otherwise) {
  const MetadataValue* value =
      metadata == nullptr ? nullptr : metadata->find(path.filter, path.keys);
  const std::string* text = value == nullptr ? nullptr : value->string();
  return text == nullptr || text->empty() ? otherwise : *text;
}

class Describer {
 public:
  explicit Describer(FilterContext& context) : context_(context) {}

  // False: there is no descriptor.
  bool add(const RateLimitAction& action, Entries& out) {
    switch (action.kind) {
      case Kind::source_cluster:
        return put(action, std::string(context_.service_cluster()), out);
      case Kind::destination_cluster:
        return put(action, std::string(context_.route_cluster()), out);
      case Kind::request_header:
        return add_header(action, out);
      case Kind::query_parameter:
        return add_parameter(action, out);
      case Kind::remote_address:
        return add_address(action, out, false);
      case Kind::masked_remote_address:
        return add_address(action, out, true);
      case Kind::generic_key:
        return put(action, action.value, out);
      case Kind::condition:
        return context_.request_matches(action.condition) == action.expect_match &&
               put(action, action.value, out);
      case Kind::dynamic_metadata:
      case Kind::route_metadata:
        return add_metadata(action, out);
    }
    return false;
  }

 private:
  static bool put(const RateLimitAction& action, std::string value, Entries& out) {
    out.emplace_back(action.key, std::move(value));
    return true;
  }

  bool add_header(const RateLimitAction& action, Entries& out) {
    bool found = false;
    std::string_view value =
        context_.request_headers().get_all(action.name, context_.arena(), &found);
    if (!found) return action.skip_if_absent;
    return value.empty() || put(action, std::string(value), out);
  }

  bool add_parameter(const RateLimitAction& action, Entries& out) {
    auto value = query_parameter(context_.request_headers().get(HeaderId::path), action.name);
    if (!value) return action.skip_if_absent;
    return value->empty() || put(action, std::string(*value), out);
  }

  bool add_address(const RateLimitAction& action, Entries& out, bool mask) {
    const net::Address& remote = context_.info().downstream_remote;
    if (!remote.is_ip()) return false;
    return put(action, mask ? masked(remote, action.v4_prefix, action.v6_prefix) : remote.ip_text(),
               out);
  }

  bool add_metadata(const RateLimitAction& action, Entries& out) {
    const Metadata* metadata = nullptr;
    if (action.kind == Kind::dynamic_metadata) {
      const auto& extras = context_.info().extras;
      if (extras != nullptr) metadata = &extras->metadata;
    } else if (const config::Route* route = context_.route()) {
      metadata = &route->metadata;
    }
    std::string value = metadata_text(metadata, action.metadata, action.value);
    if (value.empty()) return action.skip_if_absent;
    return put(action, std::move(value), out);
  }

  FilterContext& context_;
};

}  // namespace

void describe_request(FilterContext& context, const std::vector<RateLimit>& limits, uint32_t stage,
                      std::vector<RateLimitDescriptor>& out) {
  Describer describer(context);
  for (const RateLimit& limit : limits) {
    if (limit.stage != stage) continue;
    if (!limit.disable_key.empty() &&
        !context.fraction({1'000'000, "ratelimit." + limit.disable_key + ".http_filter_enabled"})) {
      continue;
    }
    RateLimitDescriptor descriptor;
    descriptor.hits = limit.hits;
    bool complete = true;
    for (const RateLimitAction& action : limit.actions) {
      complete = complete && describer.add(action, descriptor.entries);
    }
    if (complete && !descriptor.entries.empty()) out.push_back(std::move(descriptor));
  }
}

std::vector<RateLimitDescriptor> describe_routed_request(FilterContext& context, uint32_t stage,
                                                         HostRateLimits of_host) {
  std::vector<RateLimitDescriptor> out;
  const config::Route* route = context.route();
  const config::ForwardAction* action = route == nullptr ? nullptr : route->forward();
  if (action == nullptr) return out;
  describe_request(context, action->rate_limits, stage, out);
  const config::VirtualHost* host = context.info().virtual_host;
  bool with_host = action->include_host_rate_limits || of_host == HostRateLimits::included ||
                   (of_host == HostRateLimits::overridden && action->rate_limits.empty());
  if (host != nullptr && with_host && of_host != HostRateLimits::ignored) {
    describe_request(context, host->rate_limits, stage, out);
  }
  return out;
}

}  // namespace outrigger
