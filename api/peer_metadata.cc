#include "api/peer_metadata.h"

#include <algorithm>
#include <array>

namespace outrigger {
namespace {

constexpr std::string_view kOwnerPrefix = "kubernetes://apis/apps/v1/namespaces/";
constexpr std::string_view kCanonicalName = "service.istio.io/canonical-name";
constexpr std::string_view kCanonicalRevision = "service.istio.io/canonical-revision";
constexpr std::array<std::string_view, 4> kTypes = {"pod", "deployment", "job", "cronjob"};

std::string text_of(const MetadataStruct& metadata, std::string_view key) {
  const MetadataValue* value = metadata.find(key);
  const std::string* text = value == nullptr ? nullptr : value->string();
  return text == nullptr ? std::string() : *text;
}

// ".../deployments/shop" of workload "shop": "deployment".
std::string type_of_owner(std::string_view owner, std::string_view workload) {
  if (owner.size() <= workload.size() + 2) return {};
  owner.remove_suffix(workload.size() + 2);
  std::string_view type = owner.substr(owner.rfind('/') + 1);
  bool known = owner.find('/') != std::string_view::npos && std::ranges::count(kTypes, type) > 0;
  return known ? std::string(type) : std::string();
}

void set_if(MetadataStruct& out, std::string_view key, const std::string& value) {
  if (!value.empty()) out[key] = MetadataValue(value);
}

// A peer may send any octets: what is no printable ASCII is written as JSON writes it, what is not
// UTF-8 octet by octet.
void append_json(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet < 0x20 || octet >= 0x7f) {
      out += "\\u00";
      out += kHex[octet >> 4];
      out += kHex[octet & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json(std::string& out, const MetadataStruct& object) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : object.members()) {
    if (!std::exchange(first, false)) out += ',';
    append_json(out, std::string_view(key));
    out += ':';
    if (const MetadataStruct* inner = value.object()) {
      append_json(out, *inner);
    } else if (const std::string* text = value.string()) {
      append_json(out, std::string_view(*text));
    }
  }
  out += '}';
}

}  // namespace

PeerMetadata PeerMetadata::of(const MetadataStruct& metadata, std::span<const std::string> labels) {
  PeerMetadata out;
  out.instance = text_of(metadata, "NAME");
  out.namespace_name = text_of(metadata, "NAMESPACE");
  out.workload = text_of(metadata, "WORKLOAD_NAME");
  out.workload_type = type_of_owner(text_of(metadata, "OWNER"), out.workload);
  out.cluster = text_of(metadata, "CLUSTER_ID");
  const MetadataValue* found = metadata.find("LABELS");
  if (found == nullptr || found->object() == nullptr) return out;
  const MetadataStruct& held = *found->object();
  out.canonical_name = text_of(held, kCanonicalName);
  out.canonical_revision = text_of(held, kCanonicalRevision);
  out.app = text_of(held, "app");
  out.version = text_of(held, "version");
  for (const std::string& label : labels) {
    if (held.find(label) != nullptr) out.labels.emplace_back(label, text_of(held, label));
  }
  return out;
}

MetadataStruct PeerMetadata::wire() const {
  MetadataStruct out;
  set_if(out, "NAME", instance);
  set_if(out, "NAMESPACE", namespace_name);
  set_if(out, "WORKLOAD_NAME", workload);
  set_if(out, "CLUSTER_ID", cluster);
  MetadataStruct& held = out["LABELS"].make_object();
  set_if(held, kCanonicalName, canonical_name);
  set_if(held, kCanonicalRevision, canonical_revision);
  set_if(held, "app", app);
  set_if(held, "version", version);
  for (const auto& [label, value] : labels) held[label] = MetadataValue(value);
  if (!workload_type.empty()) {
    out["OWNER"] = MetadataValue(std::string(kOwnerPrefix) + namespace_name + "/" + workload_type +
                                 "s/" + workload);
  }
  return out;
}

std::string PeerMetadata::text() const {
  MetadataStruct fields;
  set_if(fields, "type", workload_type);
  set_if(fields, "workload", workload);
  set_if(fields, "name", instance);
  set_if(fields, "cluster", cluster);
  set_if(fields, "namespace", namespace_name);
  set_if(fields, "service", canonical_name);
  set_if(fields, "revision", canonical_revision);
  set_if(fields, "app", app);
  set_if(fields, "version", version);
  if (!labels.empty()) {
    MetadataStruct& held = fields["labels"].make_object();
    for (const auto& [label, value] : labels) held[label] = MetadataValue(value);
  }
  std::string out;
  append_json(out, fields);
  return out;
}

}  // namespace outrigger
