#include "proxy/route/header_mutation.h"

#include <array>

#include "absl/container/inlined_vector.h"

#include "api/http/single_field.h"

namespace outrigger::route {
namespace {

using config::HeaderAddition;
using config::HeaderMutations;
using http::HeaderId;

std::string_view value_of(const HeaderAddition& addition, ValueSource& values) {
  const config::SubstitutionFormat& format = addition.value;
  if (format.empty()) return {};
  if (format.size() == 1 && format.front().field == config::LogField::literal) {
    return format.front().text;
  }
  return values.value(format);
}

struct Change {
  const HeaderAddition* addition;
  std::string_view value;
  bool overwrite;
};
using Changes = absl::InlinedVector<Change, 8>;

// All values are computed before the first header changes.
Changes changes_of(const HeaderMutations& mutations, const http::HeaderMap& headers,
                   ValueSource& values) {
  using Action = HeaderAddition::Action;
  Changes changes;
  for (const HeaderAddition& addition : mutations.add) {
    std::string_view value = value_of(addition, values);
    if (value.empty() && !addition.keep_empty_value) continue;
    bool exists = headers.find(addition.name) != nullptr;
    if (addition.action == Action::add_if_absent && exists) continue;
    if (addition.action == Action::overwrite_if_exists && !exists) continue;
    bool overwrite = addition.action == Action::overwrite_if_exists ||
                     addition.action == Action::overwrite_if_exists_or_add;
    changes.push_back({&addition, value, overwrite});
  }
  return changes;
}

void add(http::HeaderMap& headers, std::string_view name, std::string_view value) {
  HeaderId id = http::header_id(name);
  if (is_single_field(id)) {
    headers.append(id, value);
  } else {
    headers.add(name, value);
  }
}

template <class Level>
const HeaderMutations* request_mutations(const Level* level) {
  return level == nullptr || level->request_headers.empty() ? nullptr : &level->request_headers;
}

template <class Level>
const HeaderMutations* response_mutations(const Level* level) {
  return level == nullptr || level->response_headers.empty() ? nullptr : &level->response_headers;
}

// From route to table; whoever comes last has the last word.
using Levels = std::array<const HeaderMutations*, 3>;

void apply_all(const Levels& levels, bool most_specific_wins, http::HeaderMap& headers,
               ValueSource& values) {
  for (size_t i = 0; i < levels.size(); ++i) {
    const HeaderMutations* level = levels[most_specific_wins ? levels.size() - 1 - i : i];
    if (level != nullptr) apply(*level, headers, values);
  }
}

bool most_specific_wins(const MutationLevels& levels) {
  return levels.table != nullptr && levels.table->most_specific_header_mutations_wins;
}

}  // namespace

void apply(const HeaderMutations& mutations, http::HeaderMap& headers, ValueSource& values) {
  for (const std::string& name : mutations.remove) headers.remove(name);
  Changes changes = changes_of(mutations, headers, values);
  for (const Change& change : changes) {
    if (change.overwrite) headers.set(change.addition->name, change.value);
  }
  for (const Change& change : changes) {
    if (!change.overwrite) add(headers, change.addition->name, change.value);
  }
}

void apply(const std::vector<config::HeaderStep>& steps, http::HeaderMap& headers,
           ValueSource& values) {
  using Action = HeaderAddition::Action;
  auto add_one = [&](const HeaderAddition& addition) {
    std::string_view value = value_of(addition, values);
    if (value.empty() && !addition.keep_empty_value) return;
    bool exists = headers.find(addition.name) != nullptr;
    if (addition.action == Action::append_if_exists_or_add ||
        (addition.action == Action::add_if_absent && !exists)) {
      add(headers, addition.name, value);
    } else if (addition.action == Action::overwrite_if_exists_or_add ||
               (addition.action == Action::overwrite_if_exists && exists)) {
      headers.set(addition.name, value);
    }
  };
  for (const config::HeaderStep& step : steps) {
    if (const auto* addition = std::get_if<HeaderAddition>(&step)) {
      add_one(*addition);
    } else if (const auto* removal = std::get_if<config::HeaderRemoval>(&step)) {
      headers.remove(removal->name);
    } else {
      // Pseudo-headers are the request line: a message without them is none.
      const auto& matched = std::get<config::HeaderRemovalByMatch>(step);
      headers.remove_if([&](const http::HeaderField& field) {
        return !field.name.starts_with(':') && matched.name.matches(field.name);
      });
    }
  }
}

void mutate_request(const MutationLevels& levels, http::HeaderMap& headers, ValueSource& values) {
  // A weighted cluster comes first in either order of the other levels.
  if (const auto* weighted = request_mutations(levels.weighted)) apply(*weighted, headers, values);
  if (levels.weighted != nullptr && !levels.weighted->host_rewrite.empty()) {
    headers.set(HeaderId::authority, levels.weighted->host_rewrite);
  }
  apply_all({request_mutations(levels.route), request_mutations(levels.host),
             request_mutations(levels.table)},
            most_specific_wins(levels), headers, values);
}

void mutate_response(const MutationLevels& levels, http::HeaderMap& headers, ValueSource& values) {
  if (const auto* weighted = response_mutations(levels.weighted)) apply(*weighted, headers, values);
  apply_all({response_mutations(levels.route), response_mutations(levels.host),
             response_mutations(levels.table)},
            most_specific_wins(levels), headers, values);
}

}  // namespace outrigger::route
