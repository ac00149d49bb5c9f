#include "xds/dynamic/assignment.h"

#include <xxhash.h>

#include <limits>
#include <span>
#include <unordered_map>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

#include "xds/compile_cluster.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"
#include "xds/protocol/resource_name.h"

namespace outrigger::xds {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

using Locality = envoy::config::endpoint::v3::LocalityLbEndpoints;

constexpr uint32_t tag_of(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}
constexpr uint32_t kLocalityTag = tag_of(Assignment::Message::kEndpointsFieldNumber);
constexpr uint32_t kEndpointTag = tag_of(Locality::kLbEndpointsFieldNumber);

uint64_t hash_of(const std::string& octets) {
  return XXH3_64bits(octets.data(), octets.size());
}

CodedInputStream read_from(const std::string& octets) {
  return CodedInputStream(reinterpret_cast<const uint8_t*>(octets.data()),
                          static_cast<int>(octets.size()));
}

// Calls take(octets) with the content of each field `tag` of the message; true from it: the field
// is left out of `rest`, which gets all else. False: the octets are no message.
template <class Take>
bool filter_fields(const std::string& octets, uint32_t tag, std::string& rest, const Take& take) {
  if (octets.size() > std::numeric_limits<int>::max()) return false;
  CodedInputStream in = read_from(octets);
  StringOutputStream stream(&rest);
  CodedOutputStream out(&stream);
  std::string content;
  while (uint32_t next = in.ReadTag()) {
    if (next != tag) {
      if (!WireFormatLite::SkipField(&in, next, &out)) return false;
      continue;
    }
    uint32_t size = 0;
    if (!in.ReadVarint32(&size) || !in.ReadString(&content, static_cast<int>(size))) return false;
    std::string left;
    const std::string* kept = take(content, left);
    if (kept == nullptr) continue;
    out.WriteTag(tag);
    out.WriteVarint32(static_cast<uint32_t>(kept->size()));
    out.WriteString(*kept);
  }
  return in.ConsumedEntireMessage();
}

}  // namespace

// The endpoints of before by their hashes. Most updates keep their order: the next one is tried
// first, and those behind it as far as the ones that were not found.
class Assignment::Known {
 public:
  explicit Known(const Assignment& of) : hashes_(of.hashes_), used_(of.hashes_.size()) {
    endpoints_.reserve(hashes_.size());
    if (of.endpoints_ == nullptr) return;
    for (const config::LocalityEndpoints& locality : of.endpoints_->localities) {
      for (const config::EndpointPtr& endpoint : locality.endpoints)
        endpoints_.push_back(&endpoint);
    }
  }
  config::EndpointPtr find(uint64_t hash) {
    for (size_t at : {next_, next_ + 1, next_ + missed_, next_ + missed_ + 1}) {
      if (at < hashes_.size() && hashes_[at] == hash) return found(at);
    }
    if (places_.empty()) {
      for (size_t i = 0; i < hashes_.size(); ++i) places_.emplace(hashes_[i], i);
    }
    auto at = places_.find(hash);
    if (at != places_.end()) {
      used_[at->second] = true;
      return *endpoints_[at->second];
    }
    ++missed_;
    return nullptr;
  }
  std::vector<config::EndpointPtr> unused() const {
    std::vector<config::EndpointPtr> out;
    for (size_t i = 0; i < endpoints_.size(); ++i) {
      if (!used_[i]) out.push_back(*endpoints_[i]);
    }
    return out;
  }

 private:
  config::EndpointPtr found(size_t at) {
    used_[at] = true;
    next_ = at + 1;
    missed_ = 0;
    return *endpoints_[at];
  }

  const std::vector<uint64_t>& hashes_;
  std::vector<const config::EndpointPtr*> endpoints_;
  std::vector<bool> used_;
  std::unordered_map<uint64_t, size_t> places_;
  size_t next_ = 0;
  size_t missed_ = 0;
};

absl::StatusOr<Assignment::EndpointSetPtr> Assignment::update(const google::protobuf::Any& body,
                                                              ResourceReader& reader) {
  compiled_ = 0;
  uint64_t hash = hash_of(body.value());
  if (endpoints_ != nullptr && hash == hash_) return endpoints_;
  Parts parts;
  auto message = read(body, reader, parts);
  if (!message.ok()) return message.status();
  if (canonical_name((*message)->cluster_name()) != service_name_) {
    return absl::InvalidArgumentError(fmt::format("cluster_name: is '{}', but '{}' was asked for",
                                                  (*message)->cluster_name(), service_name_));
  }
  auto compiled = compile(**message, parts);
  if (!compiled.ok()) return compiled.status();
  hash_ = hash;
  endpoints_ = *std::move(compiled);
  stale_after_.reset();
  if ((*message)->policy().has_endpoint_stale_after())
    stale_after_ = to_milliseconds((*message)->policy().endpoint_stale_after());
  return endpoints_;
}

absl::StatusOr<std::unique_ptr<Assignment::Message>> Assignment::read(
    const google::protobuf::Any& body, ResourceReader& reader, Parts& parts) const {
  google::protobuf::Any changed;
  changed.set_type_url(body.type_url());
  if (!take_apart(body.value(), *changed.mutable_value(), parts)) return reader.read<Message>(body);
  auto message = reader.read<Message>(changed);
  if (message.ok()) return message;
  // Once more, for the places in the whole of what is wrong.
  auto whole = reader.read<Message>(body);
  return whole.ok() ? std::move(message) : std::move(whole);
}

bool Assignment::take_apart(const std::string& octets, std::string& rest, Parts& parts) const {
  Known known(*this);
  bool good = true;
  auto take_endpoint = [&](const std::string& endpoint, std::string&) -> const std::string* {
    uint64_t hash = hash_of(endpoint);
    Place& place = parts.localities.back().emplace_back();
    place = {hash, known.find(hash)};
    return place.known == nullptr ? &endpoint : nullptr;
  };
  auto take_locality = [&](const std::string& locality, std::string& left) -> const std::string* {
    parts.localities.emplace_back();
    good = good && filter_fields(locality, kEndpointTag, left, take_endpoint);
    return &left;
  };
  good = filter_fields(octets, kLocalityTag, rest, take_locality) && good;
  parts.gone = known.unused();
  return good;
}

namespace {

const absl::Status& other_octets() {
  static const absl::Status kStatus =
      absl::InternalError("endpoints: the octets are not what was parsed of them");
  return kStatus;
}

// A new version of an endpoint counts where the last one with its address did.
class KeptStatistics {
 public:
  explicit KeptStatistics(const std::vector<config::EndpointPtr>& gone) {
    for (const config::EndpointPtr& endpoint : gone)
      stats_.emplace(endpoint->address.text(), endpoint->stats);
  }
  config::EndpointPtr give(config::EndpointPtr made) const {
    auto at = stats_.empty() ? stats_.end() : stats_.find(made->address.text());
    if (at == stats_.end()) return made;
    auto out = std::make_shared<config::Endpoint>(*made);
    out->stats = at->second;
    return out;
  }

 private:
  std::unordered_map<std::string, StatsScopePtr> stats_;
};

}  // namespace

absl::StatusOr<Assignment::EndpointSetPtr> Assignment::compile(const Message& message,
                                                               const Parts& parts) {
  auto changed = compile_endpoints(message);
  if (!changed.ok()) return changed.status();
  auto out = std::make_shared<config::EndpointSet>(**changed);
  if (out->localities.size() != parts.localities.size()) return other_octets();
  KeptStatistics kept(parts.gone);
  std::vector<uint64_t> hashes;
  FieldErrors errors;
  for (size_t i = 0; i < parts.localities.size(); ++i) {
    std::vector<config::EndpointPtr> made = std::exchange(out->localities[i].endpoints, {});
    size_t next = 0;
    uint64_t weights = 0;
    for (const Place& place : parts.localities[i]) {
      if (place.known == nullptr && next == made.size()) return other_octets();
      const config::EndpointPtr& endpoint = out->localities[i].endpoints.emplace_back(
          place.known == nullptr ? kept.give(made[next++]) : place.known);
      weights += endpoint->weight;
      hashes.push_back(place.hash);
    }
    compiled_ += made.size();
    constexpr uint64_t kMaxWeight = std::numeric_limits<uint32_t>::max();
    if (weights > kMaxWeight)
      errors.add(indexed("endpoints", static_cast<int>(i)) + ".lb_endpoints",
                 fmt::format("the sum of weights is above {}", kMaxWeight));
  }
  if (!errors.empty()) return errors.status();
  hashes_ = std::move(hashes);
  return EndpointSetPtr(std::move(out));
}

}  // namespace outrigger::xds
