#include "xds/protocol/answer.h"

#include <climits>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

#include "xds/protocol/resource_name.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

using envoy::service::discovery::v3::DeltaDiscoveryResponse;
using envoy::service::discovery::v3::DiscoveryResponse;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using Wrapped = envoy::service::discovery::v3::Resource;

// Longer names are no names: they would be repeated in every request and error.
constexpr size_t kMaxName = 16 * 1024;

std::optional<std::chrono::milliseconds> ttl_of(const Wrapped& from) {
  if (!from.has_ttl()) return std::nullopt;
  // A second is the least that makes sense, a year the most: a server's number must not overflow.
  constexpr int64_t kLongest = 366L * 24 * 3600;
  int64_t seconds = std::min(std::max<int64_t>(from.ttl().seconds(), 0), kLongest);
  int64_t milliseconds = std::max(from.ttl().nanos(), 0) / 1'000'000;
  return std::chrono::seconds(seconds) + std::chrono::milliseconds(milliseconds);
}

// The field that names a resource of the type; they are the first of their messages but for types
// that we do not know.
int name_field(std::string_view type_url) {
  size_t slash = type_url.rfind('/');
  std::string type(slash == std::string_view::npos ? type_url : type_url.substr(slash + 1));
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (descriptor == nullptr) return 1;
  for (const char* name : {"cluster_name", "name"}) {
    const auto* field = descriptor->FindFieldByName(name);
    if (field != nullptr && field->type() == google::protobuf::FieldDescriptor::TYPE_STRING)
      return field->number();
  }
  return 1;
}

absl::StatusOr<std::string> find_string(std::string_view octets, int number) {
  absl::Status malformed = absl::InvalidArgumentError("the resource's octets are malformed");
  CodedInputStream input(reinterpret_cast<const uint8_t*>(octets.data()),
                         static_cast<int>(octets.size()));
  std::string found;
  while (uint32_t tag = input.ReadTag()) {
    if (WireFormatLite::GetTagFieldNumber(tag) == number &&
        WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      uint32_t size = 0;
      if (!input.ReadVarint32(&size) || size > kMaxName ||
          !input.ReadString(&found, static_cast<int>(size)))
        return malformed;
    } else if (!WireFormatLite::SkipField(&input, tag)) {
      return malformed;
    }
  }
  if (!input.ConsumedEntireMessage()) return malformed;
  return found;
}

class Collector {
 public:
  explicit Collector(Answer& into) : into_(into) {}

  void add(AnsweredResource one) {
    Resource& resource = one.resource;
    resource.name = canonical_name(std::move(resource.name));
    if (resource.name.empty()) return reject(resource.name, "the resource has no name");
    if (resource.name.size() > kMaxName)
      return reject(resource.name.substr(0, 64), "the resource's name is too long");
    if (!resource.body.type_url().empty() && resource.body.type_url() != into_.type_url) {
      return reject(resource.name, fmt::format("has type {}, but the response is of type {}",
                                               resource.body.type_url(), into_.type_url));
    }
    if (!names_.insert(resource.name).second)
      return reject(resource.name, "duplicate name in one response; the first one counts");
    into_.resources.push_back(std::move(one));
  }
  void reject(std::string name, std::string reason) {
    into_.rejected.push_back({std::move(name), std::move(reason)});
  }
  void remove(std::string name) {
    name = canonical_name(std::move(name));
    if (names_.contains(name))
      return reject(std::move(name), "is both updated and removed by one response");
    if (!removed_.insert(name).second)
      return reject(std::move(name), "is removed twice by one response");
    into_.removed.push_back(std::move(name));
  }

 private:
  Answer& into_;
  absl::flat_hash_set<std::string> names_;
  absl::flat_hash_set<std::string> removed_;
};

void unwrap(google::protobuf::Any& packed, const std::string& version, Collector& into) {
  Wrapped wrapped;
  if (!wrapped.ParseFromString(packed.value()))
    return into.reject("", "an envoy.service.discovery.v3.Resource cannot be parsed");
  AnsweredResource one;
  one.ttl = ttl_of(wrapped);
  one.heartbeat = !wrapped.has_resource();
  one.resource.name = std::move(*wrapped.mutable_name());
  one.resource.version = version;
  one.resource.body = std::move(*wrapped.mutable_resource());
  if (one.resource.name.empty() && !one.heartbeat) {
    auto name = name_in_body(one.resource.body);
    if (!name.ok()) return into.reject("", std::string(name.status().message()));
    one.resource.name = *std::move(name);
  }
  into.add(std::move(one));
}

void read_resource(google::protobuf::Any& packed, const std::string& version, Collector& into) {
  if (packed.type_url() == kWrappedType) return unwrap(packed, version, into);
  auto name = name_in_body(packed);
  if (!name.ok()) return into.reject("", std::string(name.status().message()));
  AnsweredResource one;
  one.resource.name = *std::move(name);
  one.resource.version = version;
  one.resource.body = std::move(packed);
  into.add(std::move(one));
}

template <class Message>
absl::StatusOr<Message> parse(std::string_view octets) {
  Message message;
  if (octets.size() > INT_MAX ||
      !message.ParseFromArray(octets.data(), static_cast<int>(octets.size())))
    return absl::InvalidArgumentError(
        fmt::format("the message is not a {}", Message::descriptor()->full_name()));
  return message;
}

}  // namespace

absl::StatusOr<std::string> name_in_body(const google::protobuf::Any& body) {
  return find_string(body.value(), name_field(body.type_url()));
}

Answer answer_of(DiscoveryResponse&& response, std::string_view type_url) {
  Answer out;
  out.type_url = std::string(type_url);
  out.version = std::move(*response.mutable_version_info());
  out.nonce = std::move(*response.mutable_nonce());
  out.server = response.control_plane().identifier();
  out.resources.reserve(static_cast<size_t>(response.resources_size()));
  Collector collector(out);
  for (auto& packed : *response.mutable_resources()) read_resource(packed, out.version, collector);
  return out;
}

absl::StatusOr<Answer> read_sotw_answer(std::string_view octets) {
  auto response = parse<DiscoveryResponse>(octets);
  if (!response.ok()) return response.status();
  std::string type_url = response->type_url();
  Answer out = answer_of(*std::move(response), type_url);
  out.octets = octets.size();
  return out;
}

absl::StatusOr<Answer> read_delta_answer(std::string_view octets) {
  auto response = parse<DeltaDiscoveryResponse>(octets);
  if (!response.ok()) return response.status();
  Answer out;
  out.octets = octets.size();
  out.type_url = std::move(*response->mutable_type_url());
  out.version = std::move(*response->mutable_system_version_info());
  out.nonce = std::move(*response->mutable_nonce());
  out.server = response->control_plane().identifier();
  out.resources.reserve(static_cast<size_t>(response->resources_size()));
  Collector collector(out);
  for (Wrapped& from : *response->mutable_resources()) {
    AnsweredResource one;
    one.ttl = ttl_of(from);
    one.heartbeat = !from.has_resource();
    one.resource.name = std::move(*from.mutable_name());
    one.resource.version = std::move(*from.mutable_version());
    one.resource.aliases.assign(from.aliases().begin(), from.aliases().end());
    one.resource.body = std::move(*from.mutable_resource());
    collector.add(std::move(one));
  }
  for (std::string& name : *response->mutable_removed_resources())
    collector.remove(std::move(name));
  return out;
}

}  // namespace outrigger::xds
