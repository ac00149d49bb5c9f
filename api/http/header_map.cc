#include "api/http/header_map.h"

#include <algorithm>

namespace outrigger::http {

size_t HeaderMap::byte_size() const {
  size_t bytes = 0;
  for (const HeaderField& field : fields()) bytes += field.name.size() + field.value.size();
  return bytes;
}

const HeaderField* HeaderMap::find(std::string_view name) const {
  HeaderId id = header_id(name);
  if (id != HeaderId::other) return find(id);
  for (const HeaderField& field : fields()) {
    if (field.id == HeaderId::other && field.name == name) return &field;
  }
  return nullptr;
}

std::string_view HeaderMap::get(std::string_view name) const {
  const HeaderField* field = find(name);
  return field == nullptr ? std::string_view() : field->value;
}

std::string_view HeaderMap::get_all(std::string_view name, Arena& scratch, bool* found) const {
  const HeaderField* first = find(name);
  if (found != nullptr) *found = first != nullptr;
  if (first == nullptr) return {};
  std::string_view joined = first->value;
  for (const HeaderField* field = first + 1; field != fields_ + size_; ++field) {
    if (field->id == first->id && field->name == first->name)
      joined = scratch.concat(joined, ",", field->value);
  }
  return joined;
}

size_t HeaderMap::count(std::string_view name) const {
  size_t n = 0;
  for (const HeaderField& field : fields()) n += field.name == name ? 1 : 0;
  return n;
}

void HeaderMap::add(HeaderId id, std::string_view value) {
  add_field(id, header_name(id), value, {});
}

void HeaderMap::add_field(HeaderId id, std::string_view name, std::string_view value,
                          std::string_view original_name) {
  if (size_ == capacity_) grow();
  // Pseudo-headers stand before the others, wherever they were added.
  if (!name.empty() && name.front() == ':' && size_ > 0 && fields_[size_ - 1].name.front() != ':') {
    size_t at = 0;
    while (fields_[at].name.front() == ':') ++at;
    std::copy_backward(fields_ + at, fields_ + size_, fields_ + size_ + 1);
    fields_[at] = HeaderField{name, value, original_name, id};
    ++size_;
    reindex();
    return;
  }
  fields_[size_] = HeaderField{name, value, original_name, id};
  uint16_t& first = first_[static_cast<unsigned>(id)];
  if (first == kNone) first = size_;
  ++size_;
}

void HeaderMap::set(HeaderId id, std::string_view value) {
  uint16_t at = first_[static_cast<unsigned>(id)];
  if (at == kNone) {
    add(id, value);
    return;
  }
  fields_[at].value = value;
  const HeaderField* keep = &fields_[at];
  remove_if([&](const HeaderField& field) { return field.id == id && &field > keep; });
}

void HeaderMap::set(std::string_view lower_name, std::string_view value) {
  HeaderId id = header_id(lower_name);
  if (id != HeaderId::other) {
    set(id, value);
    return;
  }
  const HeaderField* keep = find(lower_name);
  if (keep == nullptr) {
    add(lower_name, value);
    return;
  }
  fields_[keep - fields_].value = value;
  remove_if([&](const HeaderField& field) { return &field > keep && field.name == lower_name; });
}

void HeaderMap::append(HeaderId id, std::string_view value) {
  uint16_t at = first_[static_cast<unsigned>(id)];
  if (at == kNone) {
    add(id, value);
  } else if (fields_[at].value.empty()) {
    fields_[at].value = value;
  } else {
    fields_[at].value = arena_->concat(fields_[at].value, ",", value);
  }
}

size_t HeaderMap::remove(HeaderId id) {
  if (!has(id)) return 0;
  return remove_if([&](const HeaderField& field) { return field.id == id; });
}

size_t HeaderMap::remove(std::string_view lower_name) {
  HeaderId id = header_id(lower_name);
  if (id != HeaderId::other) return remove(id);
  return remove_if([&](const HeaderField& field) {
    return field.id == HeaderId::other && field.name == lower_name;
  });
}

size_t HeaderMap::remove_prefix(std::string_view lower_prefix) {
  return remove_if([&](const HeaderField& field) { return field.name.starts_with(lower_prefix); });
}

void HeaderMap::clear() {
  size_ = 0;
  first_.fill(kNone);
}

void HeaderMap::copy_from(const HeaderMap& other) {
  for (const HeaderField& field : other.fields()) {
    std::string_view name =
        field.id == HeaderId::other ? arena_->copy(field.name) : header_name(field.id);
    add_field(field.id, name, arena_->copy(field.value), arena_->copy(field.original_name));
  }
}

void HeaderMap::reindex() {
  first_.fill(kNone);
  for (uint16_t i = 0; i < size_; ++i) {
    uint16_t& first = first_[static_cast<unsigned>(fields_[i].id)];
    if (first == kNone) first = i;
  }
}

void HeaderMap::grow() {
  auto capacity = static_cast<uint16_t>(capacity_ == 0 ? 24 : capacity_ * 2);
  auto* fields = static_cast<HeaderField*>(
      arena_->allocate(sizeof(HeaderField) * capacity, alignof(HeaderField)));
  std::copy_n(fields_, size_, fields);
  fields_ = fields;
  capacity_ = capacity;
}

bool parse_decimal(std::string_view text, uint64_t& out) {
  if (text.empty() || text.size() > 19) return false;  // 19 digits always fit
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  out = value;
  return true;
}

namespace {
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
}  // namespace

bool equals_ignore_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (equals_ignore_case(item, token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace outrigger::http
