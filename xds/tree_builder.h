// TreeBuilder: makes a Document's nodes out of a parser's events; what YAML and JSON share: depth,
// keys, duplicates. Thread: any. Lifetime: one parse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xds/document.h"

namespace outrigger::xds {

struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
};

class TreeBuilder {
 public:
  TreeBuilder(Document& document, Problems& problems) : document_(document), problems_(problems) {}

  // False: too deep; the parse must stop.
  bool open(Node::Kind kind, Position at);
  // The node that was opened last. Duplicate keys are reported here.
  Node* close();
  Node* scalar(Node::Kind kind, std::string_view text, Position at);
  // Another place for a node that is complete; its children are shared.
  Node* copy(const Node& node, Position at);
  void key(std::string_view key, Position at);

  // The next event of a mapping is a key.
  bool expects_key() const {
    return !open_.empty() && open_.back().node->kind == Node::Kind::mapping &&
           !open_.back().has_key;
  }
  bool at_root() const { return open_.empty(); }
  // The key that waits for its value, and whether it is dropped together with that value.
  std::string_view pending_key() const {
    return open_.empty() ? std::string_view() : open_.back().key;
  }
  void drop_next_value() { open_.back().drop = true; }
  // Nodes below and including the container that is open.
  uint64_t& open_size() { return open_.back().size; }

  // Adds `from`'s children that `into` (closed, or about to be) does not have.
  void merge(Node& into, const Node& from);

  void problem(Position at, std::string_view message);
  void warn(Position at, std::string_view message);
  // A view into the document's text at `offset` if the same octets are there, or else a copy.
  std::string_view keep(std::string_view text, size_t offset);

 private:
  struct Open {
    Node* node;
    Node* last = nullptr;
    std::string_view key;
    Position key_at;
    uint64_t size = 1;
    bool has_key = false;
    bool drop = false;
  };

  Node* attach(Position at);
  void report_duplicates(const Node& mapping);

  Document& document_;
  Problems& problems_;
  std::vector<Open> open_;
};

}  // namespace outrigger::xds
