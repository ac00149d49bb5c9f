// HeaderMap: the fields of one message in wire order, as views into memory of one Arena (or static
// text). Thread: the stream's worker. Lifetime: the arena's. Names are lower case; pseudo-headers
// (":path") are fields and come first. Look-up by HeaderId is an index; by name, a scan of the
// fields of unknown names.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "api/arena.h"
#include "api/http/header_name.h"

namespace outrigger::http {

struct HeaderField {
  std::string_view name;           // lower case
  std::string_view value;          // without surrounding white space; empty is allowed
  std::string_view original_name;  // as received, only when the codec keeps case; else empty
  HeaderId id = HeaderId::other;
};

class HeaderMap {
 public:
  explicit HeaderMap(Arena& arena) : arena_(&arena) { first_.fill(kNone); }
  HeaderMap(const HeaderMap&) = delete;
  HeaderMap& operator=(const HeaderMap&) = delete;

  Arena& arena() { return *arena_; }
  std::span<const HeaderField> fields() const { return {fields_, size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Names and values together, as limits and byte counters count them.
  size_t byte_size() const;

  // First field of that name, or nullptr.
  const HeaderField* find(HeaderId id) const {
    uint16_t at = first_[static_cast<unsigned>(id)];
    return at == kNone ? nullptr : &fields_[at];
  }
  const HeaderField* find(std::string_view name) const;
  bool has(HeaderId id) const { return find(id) != nullptr; }
  // First value, or an empty view. Use find() where absent and empty differ.
  std::string_view get(HeaderId id) const {
    const HeaderField* field = find(id);
    return field == nullptr ? std::string_view() : field->value;
  }
  std::string_view get(std::string_view name) const;
  // All values of a name joined by ",", in the arena when there are several. `found` false: no such
  // field.
  std::string_view get_all(std::string_view name, Arena& scratch, bool* found = nullptr) const;
  size_t count(std::string_view name) const;

  // The views must live as long as the arena (arena memory or static text).
  void add(HeaderId id, std::string_view value);
  void add(std::string_view lower_name, std::string_view value) {
    add_field(header_id(lower_name), lower_name, value, {});
  }
  void add_with_case(std::string_view lower_name, std::string_view value,
                     std::string_view original_name) {
    add_field(header_id(lower_name), lower_name, value, original_name);
  }
  void add_copy(std::string_view lower_name, std::string_view value) {
    add(arena_->copy(lower_name), arena_->copy(value));
  }
  // For codecs, which know the id from parsing: `id` must be header_id(lower_name), and the name
  // must not begin with ':' unless all fields before it do.
  void add_parsed(HeaderId id, std::string_view lower_name, std::string_view value,
                  std::string_view original_name) {
    if (size_ == capacity_) grow();
    fields_[size_] = HeaderField{lower_name, value, original_name, id};
    uint16_t& first = first_[static_cast<unsigned>(id)];
    if (first == kNone) first = size_;
    ++size_;
  }
  // Of a name that the map has once.
  void replace_value(HeaderId id, std::string_view value) {
    fields_[first_[static_cast<unsigned>(id)]].value = value;
  }
  // Replaces the first field's value and removes the others of that name; adds the field if there
  // is none.
  void set(HeaderId id, std::string_view value);
  void set(std::string_view lower_name, std::string_view value);
  void set_copy(HeaderId id, std::string_view value) { set(id, arena_->copy(value)); }
  void set_copy(std::string_view lower_name, std::string_view value) {
    set(arena_->copy(lower_name), arena_->copy(value));
  }
  // Appends to the first field with a comma, or adds the field.
  void append(HeaderId id, std::string_view value);
  // Returns how many fields went.
  size_t remove(HeaderId id);
  size_t remove(std::string_view lower_name);
  size_t remove_prefix(std::string_view lower_prefix);
  template <class Predicate>
  size_t remove_if(Predicate predicate) {
    size_t kept = 0;
    for (size_t i = 0; i < size_; ++i) {
      if (!predicate(static_cast<const HeaderField&>(fields_[i]))) fields_[kept++] = fields_[i];
    }
    size_t gone = size_ - kept;
    size_ = static_cast<uint16_t>(kept);
    if (gone != 0) reindex();
    return gone;
  }
  void clear();
  // What an HTTP/1 response says behind its status instead of the usual text; empty: the usual.
  // Lives as long as the arena; valid in a status line.
  std::string_view reason_phrase() const { return reason_phrase_; }
  void set_reason_phrase(std::string_view phrase) { reason_phrase_ = phrase; }
  // All fields of `other`, copied into this map's arena.
  void copy_from(const HeaderMap& other);

 private:
  static constexpr uint16_t kNone = 0xffff;

  void add_field(HeaderId id, std::string_view name, std::string_view value,
                 std::string_view original_name);
  void reindex();
  void grow();

  Arena* arena_;
  HeaderField* fields_ = nullptr;
  uint16_t size_ = 0;
  uint16_t capacity_ = 0;
  std::string_view reason_phrase_;
  std::array<uint16_t, kHeaderIdCount> first_;
};

// Value as a non-negative decimal number without sign or white space; false otherwise or on
// overflow.
bool parse_decimal(std::string_view text, uint64_t& out);

// ASCII case-insensitive equality, and search for a token in a comma-separated list ("close" in
// "keep-alive, Close").
bool equals_ignore_case(std::string_view a, std::string_view b);
bool has_token(std::string_view list, std::string_view token);

}  // namespace outrigger::http
