#include "xds/fields.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"

#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

constexpr std::string_view kHeading = R"(# Supported fields

Made from the tables `xds/fields_*.cc`: run `test_unit_xds` with `OUTRIGGER_WRITE_DOCS=1` after changing them.

Outrigger refuses a configuration that sets a field which is not listed here, and names the field, its path and its line.
A *harmless* field is accepted and has no effect; the note says what holds instead, and the log says so once at start.
So it is with extensions that are accepted without any effect.
Fields of `google.protobuf` types (durations, wrapped numbers, Struct) always work.
)";

bool contains_word(std::string_view words, std::string_view word) {
  for (size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' '))
      return true;
  }
  return false;
}

const WorkingFields* find_working(std::string_view message) {
  for (const FieldTable& table : field_tables()) {
    for (const WorkingFields& working : table.working) {
      if (working.message == message) return &working;
    }
  }
  return nullptr;
}

const FieldTable* table_of(const WorkingFields& entry) {
  for (const FieldTable& table : field_tables()) {
    if (&entry >= table.working.data() && &entry < table.working.data() + table.working.size())
      return &table;
  }
  return nullptr;
}

std::string describe(const WorkingFields& entry, const FieldTable& table) {
  std::string text = fmt::format("\n### {}\n\n", entry.message);
  std::vector<std::string> names =
      absl::StrSplit(std::string(entry.fields), ' ', absl::SkipEmpty());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) text += fmt::format("- `{}`\n", name);
  if (names.empty()) text += "May be set, but none of its fields works.\n";
  bool first = true;
  for (const HarmlessField& harmless : table.harmless) {
    if (harmless.message != entry.message) continue;
    if (std::exchange(first, false)) text += "\nHarmless:\n\n";
    text += fmt::format("- `{}`: {}\n", harmless.field, harmless.note);
  }
  return text;
}

std::string describe(const FieldTable& table) {
  std::string text = fmt::format("\n## {}\n\nEvery field works in:\n\n", table.title);
  for (const WorkingFields& entry : table.working) {
    if (entry.fields == "*") text += fmt::format("- `{}`\n", entry.message);
  }
  for (const WorkingFields& entry : table.working) {
    if (entry.fields != "*") text += describe(entry, table);
  }
  if (!table.no_effect.empty()) text += "\n### Accepted, without any effect\n\n";
  for (const NoEffect& entry : table.no_effect)
    text += fmt::format("- `{}`: {}\n", entry.message, entry.note);
  return text;
}

}  // namespace

std::span<const FieldTable> field_tables() {
  static const FieldTable kTables[] = {
      kServerFields,   kListenerFields, kNetworkFields, kDownstreamFields, kRouteFields,
      kUpstreamFields, kFilterFields,   kTlsFields,     kGrpcFields,       kMeshFields};
  return kTables;
}

bool has_fields_entry(std::string_view message) {
  return find_working(message) != nullptr || find_no_effect(message) != nullptr;
}

const NoEffect* find_no_effect(std::string_view message) {
  for (const FieldTable& table : field_tables()) {
    for (const NoEffect& entry : table.no_effect) {
      if (entry.message == message) return &entry;
    }
  }
  return nullptr;
}

const HarmlessField* find_harmless(std::string_view message, std::string_view field) {
  const WorkingFields* working = find_working(message);
  if (working == nullptr) return nullptr;
  for (const HarmlessField& harmless : table_of(*working)->harmless) {
    if (harmless.message == message && harmless.field == field) return &harmless;
  }
  return nullptr;
}

Support support_of(std::string_view message, std::string_view field) {
  if (message.starts_with("google.protobuf.")) return Support::works;
  const WorkingFields* working = find_working(message);
  if (working == nullptr) return Support::unsupported;
  if (working->fields == "*" || contains_word(working->fields, field)) return Support::works;
  return find_harmless(message, field) != nullptr ? Support::harmless : Support::unsupported;
}

std::string fields_document() {
  std::string text(kHeading);
  for (const FieldTable& table : field_tables()) text += describe(table);
  return text;
}

}  // namespace outrigger::xds
