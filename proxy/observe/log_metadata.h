// Metadata, filter state and TLS facts of a stream for logs.
#pragma once

#include <charconv>
#include <cmath>
#include <string_view>

#include "api/config/substitution.h"
#include "api/metadata.h"
#include "proxy/observe/json_escape.h"
#include "proxy/observe/log_value.h"

namespace outrigger::observe {

// METADATA and its older names. Dynamic metadata is the stream's, else the connection's.
LogValue metadata_value(const config::LogCommand& command, const StreamInfo& info);
// FILTER_STATE: the stream's, else the connection's. A value is text; TYPED quotes it, as JSON.
LogValue filter_state_value(const config::LogCommand& command, const StreamInfo& info,
                            LogScratch& scratch);

template <class Out>
void append_json_string(std::string_view text, Out& out) {
  out.push_back('"');
  append_json_escaped(text, out);
  out.push_back('"');
}

// As Envoy writes it: keys in order, no white space. `Out`: append(const char*, size_t), push_back.
template <class Out>
void append_json(const MetadataValue& value, Out& out);

template <class Out>
void append_json(double number, Out& out) {
  char text[32];  // the shortest form that reads back: 24 characters at most
  if (!std::isfinite(number)) return out.append("null", 4), void();
  auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, static_cast<size_t>(end - text));
}

template <class Out>
void append_json(const MetadataStruct& object, Out& out) {
  out.push_back('{');
  bool first = true;
  for (const auto& [key, value] : object.members()) {
    if (!first) out.push_back(',');
    first = false;
    append_json_string(key, out);
    out.push_back(':');
    append_json(value, out);
  }
  out.push_back('}');
}

template <class Out>
void append_json(const MetadataList& list, Out& out) {
  out.push_back('[');
  bool first = true;
  for (const MetadataValue& value : list) {
    if (!first) out.push_back(',');
    first = false;
    append_json(value, out);
  }
  out.push_back(']');
}

template <class Out>
void append_json(const MetadataValue& value, Out& out) {
  const MetadataValue::Variant& held = value.get();
  if (const auto* boolean = std::get_if<bool>(&held)) {
    *boolean ? out.append("true", 4) : out.append("false", 5);
  } else if (const auto* number = std::get_if<double>(&held)) {
    append_json(*number, out);
  } else if (const auto* text = std::get_if<std::string>(&held)) {
    append_json_string(*text, out);
  } else if (const auto* list = std::get_if<MetadataList>(&held)) {
    append_json(*list, out);
  } else if (const auto* object = std::get_if<MetadataStruct>(&held)) {
    append_json(*object, out);
  } else {
    out.append("null", 4);
  }
}

}  // namespace outrigger::observe
