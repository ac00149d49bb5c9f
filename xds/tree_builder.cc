#include "xds/tree_builder.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"

namespace outrigger::xds {
namespace {

constexpr uint32_t kMaxColumn = 0xffff;

// Up to this many keys comparing each with each is quicker than a table.
constexpr uint32_t kFewKeys = 12;

}  // namespace

Node* TreeBuilder::attach(Position at) {
  Node* node = new (document_.allocate(sizeof(Node), alignof(Node))) Node();
  node->line = at.line;
  node->column = static_cast<uint16_t>(std::min(at.column, kMaxColumn));
  if (open_.empty()) {
    document_.root_ = node;
    return node;
  }
  Open& parent = open_.back();
  bool drop = parent.drop;
  if (parent.node->kind == Node::Kind::mapping) {
    node->key_data = parent.key.data();
    node->key_size = static_cast<uint32_t>(parent.key.size());
    node->line = parent.key_at.line;
    node->column = static_cast<uint16_t>(std::min(parent.key_at.column, kMaxColumn));
    parent.has_key = false;
    parent.drop = false;
  }
  ++parent.size;
  if (drop) return node;
  (parent.last == nullptr ? parent.node->first : parent.last->next) = node;
  parent.last = node;
  ++parent.node->text_size;
  return node;
}

bool TreeBuilder::open(Node::Kind kind, Position at) {
  if (open_.size() >= kMaxDocumentDepth) {
    problem(at, fmt::format("nested more than {} levels deep", kMaxDocumentDepth));
    return false;
  }
  Node* node = attach(at);
  node->kind = kind;
  node->first = nullptr;
  open_.push_back({.node = node, .last = nullptr, .key = {}, .key_at = {}});
  return true;
}

Node* TreeBuilder::close() {
  Open closed = open_.back();
  open_.pop_back();
  if (!open_.empty()) open_.back().size += closed.size - 1;
  if (closed.node->kind == Node::Kind::mapping) report_duplicates(*closed.node);
  return closed.node;
}

Node* TreeBuilder::scalar(Node::Kind kind, std::string_view text, Position at) {
  Node* node = attach(at);
  node->kind = kind;
  node->text_data = text.data();
  node->text_size = static_cast<uint32_t>(text.size());
  return node;
}

Node* TreeBuilder::copy(const Node& node, Position at) {
  Node* twin = attach(at);
  twin->kind = node.kind;
  twin->text_data = node.text_data;
  if (node.is_container()) twin->first = node.first;
  twin->text_size = node.text_size;
  return twin;
}

void TreeBuilder::key(std::string_view key, Position at) {
  Open& parent = open_.back();
  parent.key = key;
  parent.key_at = at;
  parent.has_key = true;
}

void TreeBuilder::merge(Node& into, const Node& from) {
  Node** end = &into.first;
  while (*end != nullptr) end = &(*end)->next;
  for (const Node* child = from.first; child != nullptr; child = child->next) {
    if (into.find(child->key()) != nullptr) continue;
    Node* twin = new (document_.allocate(sizeof(Node), alignof(Node))) Node(*child);
    twin->next = nullptr;
    *end = twin;
    end = &twin->next;
    ++into.text_size;
  }
}

void TreeBuilder::report_duplicates(const Node& mapping) {
  auto report = [this](const Node& first, const Node& second) {
    problem({second.line, second.column},
            fmt::format("'{}' is there twice, first in line {}", second.key(), first.line));
  };
  if (mapping.text_size <= kFewKeys) {
    for (const Node* child = mapping.first; child != nullptr; child = child->next) {
      for (const Node* earlier = mapping.first; earlier != child; earlier = earlier->next) {
        if (earlier->key() != child->key()) continue;
        report(*earlier, *child);
        break;
      }
    }
    return;
  }
  absl::flat_hash_map<std::string, const Node*> seen;
  for (const Node* child = mapping.first; child != nullptr; child = child->next) {
    auto [it, fresh] = seen.try_emplace(std::string(child->key()), child);
    if (!fresh) report(*it->second, *child);
  }
}

void TreeBuilder::problem(Position at, std::string_view message) {
  problems_.add(fmt::format("{}:{}:{}: {}", document_.name_, at.line, at.column, message));
}

void TreeBuilder::warn(Position at, std::string_view message) {
  document_.warnings_.push_back(
      fmt::format("{}:{}:{}: {}", document_.name_, at.line, at.column, message));
}

std::string_view TreeBuilder::keep(std::string_view text, size_t offset) {
  if (text.empty()) return {};
  std::string_view source = document_.text_;
  if (offset <= source.size() && source.substr(offset, text.size()) == text) {
    return source.substr(offset, text.size());
  }
  char* copy = static_cast<char*>(document_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

}  // namespace outrigger::xds
