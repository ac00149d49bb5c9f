#include "xds/protocol/resource_name.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"

namespace outrigger::xds {
namespace {

using NodeMessage = envoy::config::core::v3::Node;

constexpr std::string_view kScheme = "xdstp://";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What is no escape stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encoded(std::string_view text, std::string_view reserved) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c <= ' ' || c >= '~' || reserved.find(c) != std::string_view::npos) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

void parse_context(std::string_view query, ContextParams& context) {
  while (!query.empty()) {
    std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part.empty()) continue;
    std::string_view key = part.substr(0, part.find('='));
    std::string_view value = part.substr(std::min(part.size(), key.size() + 1));
    context.emplace(percent_decoded(key), percent_decoded(value));  // the first counts
  }
}

template <class Message>
std::string as_json(const Message& message) {
  std::string out;
  // Values of a Struct have no types that could be unknown.
  if (!google::protobuf::util::MessageToJsonString(message, &out).ok()) out.clear();
  return out;
}

void add_metadata(const google::protobuf::Struct& metadata, const std::string& prefix,
                  ContextParams& out) {
  for (const auto& [key, value] : metadata.fields()) out[prefix + key] = as_json(value);
}

// False: there is no such parameter.
bool add_node_param(const NodeMessage& node, const std::string& name, ContextParams& out) {
  std::string place = "xds.node." + name;
  const auto& build = node.user_agent_build_version();
  if (name == "id") {
    out[place] = node.id();
  } else if (name == "cluster") {
    out[place] = node.cluster();
  } else if (name == "user_agent_name") {
    out[place] = node.user_agent_name();
  } else if (name == "user_agent_version") {
    out[place] = node.user_agent_version();
  } else if (name == "user_agent_build_version.version") {
    out[place] = fmt::format("{}.{}.{}", build.version().major_number(),
                             build.version().minor_number(), build.version().patch());
  } else if (name == "user_agent_build_version.metadata") {
    add_metadata(build.metadata(), place + ".", out);
  } else if (name == "locality.region") {
    out[place] = node.locality().region();
  } else if (name == "locality.zone") {
    out[place] = node.locality().zone();
  } else if (name == "locality.sub_zone") {
    out[place] = node.locality().sub_zone();
  } else if (name == "metadata") {
    add_metadata(node.metadata(), place + ".", out);
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool is_xdstp(std::string_view name) {
  return name.starts_with(kScheme);
}

std::string ResourceName::text() const {
  std::string out(kScheme);
  out += percent_encoded(authority, "%/?#");
  out += '/';
  out += type;
  if (!id.empty()) out += '/' + percent_encoded(id, "%:?#[]");
  std::vector<std::string> parts;
  for (const auto& [key, value] : context)
    parts.push_back(percent_encoded(key, "%#[]&=") + '=' + percent_encoded(value, "%#[]&="));
  std::sort(parts.begin(), parts.end());
  char separator = '?';
  for (const std::string& part : parts) {
    out += separator;
    out += part;
    separator = '&';
  }
  return out;
}

absl::StatusOr<ResourceName> parse_resource_name(std::string_view text) {
  if (!is_xdstp(text))
    return absl::InvalidArgumentError(fmt::format("{} does not have an xdstp: scheme", text));
  if (text.find('#') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        fmt::format("directives are not supported by Outrigger: {}", text));
  }
  std::string_view rest = text.substr(kScheme.size());
  std::string_view query;
  if (size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  ResourceName out;
  std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view path = rest.substr(std::min(rest.size(), authority.size() + 1));
  std::string_view type = path.substr(0, path.find('/'));
  if (type.empty())
    return absl::InvalidArgumentError(fmt::format("Resource type missing from {}", text));
  out.authority = percent_decoded(authority);
  out.type = std::string(type);
  out.id = percent_decoded(path.substr(std::min(path.size(), type.size() + 1)));
  parse_context(query, out.context);
  return out;
}

std::string canonical_name(std::string name) {
  if (!is_xdstp(name)) return name;
  auto parsed = parse_resource_name(name);
  return parsed.ok() ? parsed->text() : name;
}

absl::StatusOr<ResourceName> parse_locator(std::string_view text, std::string_view type_url) {
  auto name = parse_resource_name(text);
  if (!name.ok()) return name.status();
  std::string_view type = type_url.substr(type_url.rfind('/') + 1);
  if (name->type != type) {
    return absl::InvalidArgumentError(
        fmt::format("xdstp:// type does not match {} in {}", type, text));
  }
  return name;
}

absl::StatusOr<ContextParams> node_context(
    const envoy::config::core::v3::Node& node,
    const google::protobuf::RepeatedPtrField<std::string>& names) {
  ContextParams out;
  for (int i = 0; i < names.size(); ++i) {
    if (add_node_param(node, names.Get(i), out)) continue;
    return absl::InvalidArgumentError(fmt::format(
        "node_context_params[{}]: there is no parameter '{}' of the node", i, names.Get(i)));
  }
  return out;
}

}  // namespace outrigger::xds
