#include "xds/sources.h"

#include <algorithm>
#include <charconv>

#include "fmt/format.h"

namespace outrigger::xds {
namespace {

// A field may be written by its name or in camel case: "stat_prefix", "statPrefix". Returns how
// much of `path` the key stands for, 0 for nothing.
size_t match_key(std::string_view key, std::string_view path) {
  size_t at = 0;
  for (char c : key) {
    if (at < path.size() && path[at] == '_' && c >= 'A' && c <= 'Z') {
      ++at;
      c = static_cast<char>(c - 'A' + 'a');
    }
    if (at >= path.size() || path[at] != c) return 0;
    ++at;
  }
  return at == path.size() || path[at] == '.' || path[at] == '[' ? at : 0;
}

// The child whose key stands for the first `taken` octets of `path`.
const Node* child_of(const Node& node, std::string_view path, size_t taken) {
  if (node.kind != Node::Kind::mapping) return nullptr;
  for (const Node* child = node.first_child(); child != nullptr; child = child->next) {
    if (match_key(child->key(), path) == taken) return child;
  }
  return nullptr;
}

const Node* element(const Node& list, uint32_t index) {
  const Node* child = list.first_child();
  while (child != nullptr && index-- > 0) child = child->next;
  return child;
}

// Walks all documents at once: one node of each that still has the path.
class Locator {
 public:
  explicit Locator(const std::vector<std::unique_ptr<Document>>& documents)
      : documents_(documents) {
    for (const auto& document : documents) nodes_.push_back(document->root());
  }

  void walk(std::string_view path) {
    while (!path.empty()) {
      size_t taken = path.front() == '[' ? enter_bracket(path) : enter_key(path);
      if (taken == 0) return;
      path.remove_prefix(taken);
      if (!path.empty() && path.front() == '.') path.remove_prefix(1);
      remember();
    }
  }

  const Document* document() const { return document_; }
  const Node* node() const { return node_; }

 private:
  // "[3]": the lists of the documents follow each other. "[\"key\"]": a map's key.
  size_t enter_bracket(std::string_view path) {
    size_t quote = path.size() > 1 && path[1] == '"' ? 1 : 0;
    size_t close = path.find(quote != 0 ? "\"]" : "]");
    if (close == std::string_view::npos) return 0;
    std::string_view inside = path.substr(1 + quote, close - 1 - quote);
    if (quote != 0) {
      enter([&](const Node& node) { return node.find(inside); });
      return close + 2;
    }
    uint32_t index = 0;
    if (std::from_chars(inside.data(), inside.data() + inside.size(), index).ec != std::errc())
      return 0;
    enter([&](const Node& node) -> const Node* {
      if (node.kind != Node::Kind::sequence) return nullptr;
      const Node* found = index < node.text_size ? element(node, index) : nullptr;
      index = found == nullptr ? index - node.text_size : ~0u;
      return found;
    });
    return close + 1;
  }

  size_t enter_key(std::string_view path) {
    // The longest: keys of maps may have dots.
    size_t taken = 0;
    for (const Node* node : nodes_) {
      if (node == nullptr || node->kind != Node::Kind::mapping) continue;
      for (const Node* child = node->first_child(); child != nullptr; child = child->next) {
        taken = std::max(taken, match_key(child->key(), path));
      }
    }
    if (taken != 0) {
      enter([&](const Node& node) { return child_of(node, path, taken); });
      return taken;
    }
    return enter_value(path);
  }

  // A TypedStruct has its message's fields one level below.
  size_t enter_value(std::string_view path) {
    bool any = false;
    for (const Node*& node : nodes_) {
      const Node* value =
          node == nullptr || node->find("@type") == nullptr ? nullptr : node->find("value");
      any |= value != nullptr;
      node = value;
    }
    return any ? enter_key(path) : 0;
  }

  template <class Step>
  void enter(Step step) {
    for (const Node*& node : nodes_) {
      if (node != nullptr) node = step(*node);
    }
  }

  void remember() {
    for (size_t i = nodes_.size(); i-- > 0;) {  // later documents win
      if (nodes_[i] == nullptr) continue;
      node_ = nodes_[i];
      document_ = documents_[i].get();
      return;
    }
  }

  const std::vector<std::unique_ptr<Document>>& documents_;
  std::vector<const Node*> nodes_;
  const Document* document_ = nullptr;
  const Node* node_ = nullptr;
};

}  // namespace

std::string Sources::line_text(const Document& document, const Node& node) const {
  if (documents_.size() < 2) return fmt::format("line {}", node.line);
  return fmt::format("line {} of {}", node.line, document.name());
}

std::string Sources::locate(std::string_view path) const {
  Locator locator(documents_);
  locator.walk(path);
  return locator.node() == nullptr ? "" : line_text(*locator.document(), *locator.node());
}

std::string Sources::describe(std::string_view path, std::string_view message) const {
  std::string line = locate(path);
  std::string text = path.empty() ? std::string(message) : fmt::format("{}: {}", path, message);
  return line.empty() ? text : fmt::format("{}, {}", text, line);
}

}  // namespace outrigger::xds
