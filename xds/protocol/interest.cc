#include "xds/protocol/interest.h"

#include <algorithm>
#include <iterator>

#include "xds/protocol/resource_name.h"

namespace outrigger::xds {
namespace {

bool wants_all(const std::vector<std::string>& names) {
  return names.empty() || std::binary_search(names.begin(), names.end(), kWildcard);
}

}  // namespace

std::vector<std::string> tidy_names(std::vector<std::string> names) {
  for (std::string& name : names) name = canonical_name(std::move(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// xdstp://authority/type/a/b?context is in xdstp://authority/type/a/*?context.
std::string Interest::collection_of(std::string_view name) {
  if (!is_xdstp(name)) return {};
  std::string_view path = name.substr(0, name.find('?'));
  std::string_view context = name.substr(path.size());
  size_t slash = path.rfind('/');
  if (slash < std::string_view("xdstp://").size()) return {};
  std::string out(path.substr(0, slash + 1));
  out += kWildcard;
  out += context;
  return out;
}

void Interest::add_name(SubscriberId id, const std::string& name) {
  if (name == kWildcard) return;
  auto [at, fresh] = names_.try_emplace(name);
  at->second.push_back(id);
  if (!fresh) return;
  touched_.insert(name);
  if (is_xdstp(name) && collection_of(name) == name) has_collections_ = true;
}

void Interest::remove_name(SubscriberId id, const std::string& name) {
  auto at = names_.find(name);
  if (at == names_.end()) return;
  std::erase(at->second, id);
  if (!at->second.empty()) return;
  names_.erase(at);
  touched_.insert(name);
}

void Interest::add(SubscriberId id, const std::vector<std::string>& names) {
  if (wants_all(names)) all_.insert(id);
  for (const std::string& name : names) add_name(id, name);
}

void Interest::remove(SubscriberId id, const std::vector<std::string>& names) {
  all_.erase(id);
  for (const std::string& name : names) remove_name(id, name);
}

void Interest::change(SubscriberId id, const std::vector<std::string>& from,
                      const std::vector<std::string>& to) {
  std::vector<std::string> gone, fresh;
  std::set_difference(from.begin(), from.end(), to.begin(), to.end(), std::back_inserter(gone));
  std::set_difference(to.begin(), to.end(), from.begin(), from.end(), std::back_inserter(fresh));
  for (const std::string& name : gone) remove_name(id, name);
  for (const std::string& name : fresh) add_name(id, name);
  if (wants_all(to)) {
    all_.insert(id);
  } else {
    all_.erase(id);
  }
}

}  // namespace outrigger::xds
