// The table of supported fields: for each message that we compile, the fields that work and those
// that are harmless to leave out, with what happens instead. Any other field that is set is an
// error, never silently ignored. docs/fields.md is made from this table. Thread: any; constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace outrigger::xds {

enum class Support : unsigned char {
  works,
  harmless,
  unsupported
};

// `fields`: names with a space between them; "*" is all of a message whose every field works.
struct WorkingFields {
  std::string_view message;
  std::string_view fields;
};

// Traffic and policy stay right without it.
struct HarmlessField {
  std::string_view message;
  std::string_view field;
  std::string_view note;
};

// An extension that may be configured and does nothing at all: traffic and policy stay right
// without it. The filter, logger or tracer is left out.
struct NoEffect {
  std::string_view message;
  std::string_view note;
};

// One table for each part of the configuration; a message is in one of them.
struct FieldTable {
  std::string_view title;
  std::span<const WorkingFields> working;
  std::span<const HarmlessField> harmless;
  std::span<const NoEffect> no_effect = {};
};

std::span<const FieldTable> field_tables();

// Is the message in the table? Well-known types (google.protobuf.*) are not, and need not be.
bool has_fields_entry(std::string_view message);
// nullptr: not harmless.
const HarmlessField* find_harmless(std::string_view message, std::string_view field);
// nullptr: the message is none of those that do nothing.
const NoEffect* find_no_effect(std::string_view message);
Support support_of(std::string_view message, std::string_view field);

// docs/fields.md.
std::string fields_document();

}  // namespace outrigger::xds
