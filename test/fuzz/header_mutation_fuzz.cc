// A head and the changes that a configuration makes to it, level by level: what comes of them must
// be what a plain model of the documentation makes of them, whatever names and values meet.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "api/http/single_field.h"
#include "proxy/route/header_mutation.h"

namespace {

using namespace outrigger;
using config::HeaderAddition;
using config::HeaderMutations;
using Action = HeaderAddition::Action;

void check(bool holds) {
  if (!holds) std::abort();
}

// The head as a list, changed in the slow and obvious way.
class Model {
 public:
  using Field = std::pair<std::string, std::string>;

  void add(const std::string& name, const std::string& value) { fields_.emplace_back(name, value); }

  void apply(const HeaderMutations& mutations) {
    for (const std::string& name : mutations.remove) remove(name);
    const Model before = *this;
    for (bool overwrites : {true, false}) {
      for (const HeaderAddition& addition : mutations.add) apply(addition, before, overwrites);
    }
  }

  void set(const std::string& name, const std::string& value) {
    if (find(name) == nullptr) return add(name, value);
    bool first = true;
    std::erase_if(fields_, [&](Field& field) {
      if (field.first != name) return false;
      if (std::exchange(first, false)) {
        field.second = value;
        return false;
      }
      return true;
    });
  }

  std::vector<std::string> values(const std::string& name) const {
    std::vector<std::string> out;
    for (const auto& [each, value] : fields_) {
      if (each == name) out.push_back(value);
    }
    return out;
  }
  const std::vector<Field>& fields() const { return fields_; }

 private:
  const std::string* find(const std::string& name) const {
    auto at = std::ranges::find(fields_, name, &Field::first);
    return at == fields_.end() ? nullptr : &at->second;
  }
  void remove(const std::string& name) {
    std::erase_if(fields_, [&name](const Field& field) { return field.first == name; });
  }

  static std::string value_of(const HeaderAddition& addition, const Model& before) {
    if (addition.value.empty()) return {};
    const config::LogCommand& command = addition.value.front();
    if (command.field == config::LogField::literal) return command.text;
    const std::string* found = before.find(command.text);
    return found == nullptr ? std::string() : *found;
  }

  // Every value, and whether a header is there, is as it was before this level.
  void apply(const HeaderAddition& addition, const Model& before, bool overwrites) {
    bool overwrite = addition.action == Action::overwrite_if_exists ||
                     addition.action == Action::overwrite_if_exists_or_add;
    if (overwrite != overwrites) return;
    std::string value = value_of(addition, before);
    bool exists = before.find(addition.name) != nullptr;
    if (value.empty() && !addition.keep_empty_value) return;
    if (addition.action == Action::add_if_absent && exists) return;
    if (addition.action == Action::overwrite_if_exists && !exists) return;
    if (overwrite) return set(addition.name, value);
    if (!is_single_field(http::header_id(addition.name)) || find(addition.name) == nullptr)
      return add(addition.name, value);
    auto at = std::ranges::find(fields_, addition.name, &Field::first);
    at->second = at->second.empty() ? value : at->second + "," + value;
  }

  std::vector<Field> fields_;
};

// %REQ(name)% of the head as it is.
class Values final : public route::ValueSource {
 public:
  explicit Values(http::HeaderMap& headers) : headers_(headers) {}
  std::string_view value(const config::SubstitutionFormat& format) override {
    return headers_.arena().copy(headers_.get(format.front().text));
  }

 private:
  http::HeaderMap& headers_;
};

struct Input {
  std::vector<Model::Field> head;
  config::RouteTable table;
  config::VirtualHost host;
  config::Route route;
  config::WeightedCluster weighted;
};

config::SubstitutionFormat format_of(std::string_view text) {
  if (text.empty()) return {};
  config::LogCommand command;
  if (text.front() == '%') {
    command.field = config::LogField::request_header;
    text.remove_prefix(1);
  }
  command.text = absl::AsciiStrToLower({text.data(), text.size()});
  return {std::move(command)};
}

// A change: "-name", or one of "+?!=" and "*" before it for an empty value that counts, then
// "name=value".
void add_change(std::string_view line, HeaderMutations& into) {
  HeaderAddition addition;
  if (line.starts_with('*')) {
    addition.keep_empty_value = true;
    line.remove_prefix(1);
  }
  if (line.size() < 2) return;
  char kind = line.front();
  std::string text = absl::AsciiStrToLower({line.data() + 1, line.size() - 1});
  if (kind == '-') return into.remove.push_back(std::move(text));
  size_t equals = text.find('=');
  if (equals == 0) return;
  addition.action = kind == '?'   ? Action::add_if_absent
                    : kind == '!' ? Action::overwrite_if_exists_or_add
                    : kind == '=' ? Action::overwrite_if_exists
                                  : Action::append_if_exists_or_add;
  addition.name = text.substr(0, equals);
  if (equals != std::string::npos) addition.value = format_of(text.substr(equals + 1));
  into.add.push_back(std::move(addition));
}

// Lines "name=value"; a line "/" opens the next level's changes: weighted cluster, route, virtual
// host, table.
Input read(std::string_view text) {
  Input input;
  input.table.most_specific_header_mutations_wins = text.size() % 2 == 1;
  HeaderMutations* levels[] = {&input.weighted.request_headers, &input.route.request_headers,
                               &input.host.request_headers, &input.table.request_headers};
  size_t level = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line == "/") {
      if (level++ == std::size(levels)) break;
    } else if (level > 0) {
      add_change(line, *levels[level - 1]);
    } else if (size_t equals = line.find('='); equals != std::string_view::npos && equals > 0) {
      input.head.emplace_back(absl::AsciiStrToLower({line.data(), equals}),
                              std::string(line.substr(equals + 1)));
    }
  }
  return input;
}

Model expected(const Input& input) {
  Model model;
  for (const auto& [name, value] : input.head) model.add(name, value);
  model.apply(input.weighted.request_headers);
  if (!input.weighted.host_rewrite.empty()) model.set(":authority", input.weighted.host_rewrite);
  std::vector<const HeaderMutations*> levels = {
      &input.route.request_headers, &input.host.request_headers, &input.table.request_headers};
  if (input.table.most_specific_header_mutations_wins) std::ranges::reverse(levels);
  for (const HeaderMutations* level : levels) model.apply(*level);
  return model;
}

void compare(const http::HeaderMap& headers, const Model& model) {
  check(headers.size() == model.fields().size());
  bool regular = false;
  for (const http::HeaderField& field : headers.fields()) {
    bool pseudo = field.name.starts_with(':');
    check(!(regular && pseudo));
    regular |= !pseudo;
  }
  for (const auto& [name, unused] : model.fields()) {
    std::vector<std::string> wanted = model.values(name);
    std::vector<std::string> found;
    for (const http::HeaderField& field : headers.fields()) {
      if (field.name == name) found.emplace_back(field.value);
    }
    // Pseudo-headers are put in front of the others, and those that are there twice are no head.
    if (name.starts_with(':')) std::ranges::sort(wanted), std::ranges::sort(found);
    check(found == wanted);
    check(headers.find(std::string_view(name)) != nullptr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLargest = 8 * 1024;  // the model is slow
  if (size > kLargest) return 0;
  Input input = read({reinterpret_cast<const char*>(data), size});
  if (size % 3 == 0) input.weighted.host_rewrite = "rewritten";
  ChunkPool pool;
  Arena arena(pool);
  http::HeaderMap headers(arena);
  for (const auto& [name, value] : input.head) headers.add_copy(name, value);
  Values values(headers);
  route::mutate_request({&input.table, &input.host, &input.route, &input.weighted}, headers,
                        values);
  compare(headers, expected(input));
  return 0;
}
