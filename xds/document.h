// Document: a YAML or JSON text as a tree of nodes with their lines. Thread: any. Lifetime: until
// its messages are made and checked; nodes borrow from the document, which owns the text. YAML
// scalars have the types that Envoy gives them: booleans (true, yes, on, y), whole numbers
// (decimal, 0x, 0 for octal) and null are recognised in plain style; everything else, fractions
// too, is a string.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xds/problems.h"

namespace outrigger::xds {

// A node cannot be deeper than protobuf decodes messages again (100 levels), so deeper text has no
// meaning.
inline constexpr unsigned kMaxDocumentDepth = 100;
// Nodes that aliases and merge keys may add: a few lines of nested aliases would otherwise stand
// for gigabytes.
inline constexpr uint64_t kMaxAliasNodes = 1'000'000;

struct Node {
  enum class Kind : uint8_t {
    null,
    boolean,
    number,
    string,
    sequence,
    mapping
  };

  union {
    const char* text_data;
    Node* first;  // of a sequence or mapping; nullptr: empty
  };
  const char* key_data = nullptr;
  Node* next = nullptr;    // sibling
  uint32_t text_size = 0;  // of a sequence or mapping: the number of children
  uint32_t key_size = 0;
  uint32_t line = 0;  // from 1; of the key, where there is one
  uint16_t column = 0;
  Kind kind = Kind::null;

  Node() : text_data(nullptr) {}
  bool is_container() const { return kind == Kind::sequence || kind == Kind::mapping; }
  // "true" or "false" for booleans, decimal or JSON digits for numbers.
  std::string_view text() const { return {text_data, text_size}; }
  std::string_view key() const { return {key_data, key_size}; }
  const Node* first_child() const { return is_container() ? first : nullptr; }
  const Node* find(std::string_view key) const;
  // "a string", "a list", ...
  const char* kind_name() const;
};

class Document {
 public:
  // Errors open with "name:line:column: ". A document with errors still has the part of the tree
  // that was understood.
  static std::unique_ptr<Document> parse_yaml(std::string text, std::string name,
                                              Problems& problems);
  static std::unique_ptr<Document> parse_json(std::string text, std::string name,
                                              Problems& problems);

  // nullptr: nothing was understood.
  const Node* root() const { return root_; }
  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

 private:
  friend class TreeBuilder;
  Document(std::string text, std::string name) : text_(std::move(text)), name_(std::move(name)) {}
  void* allocate(size_t bytes, size_t align);

  std::string text_;
  std::string name_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* cursor_ = nullptr;
  char* end_ = nullptr;
  Node* root_ = nullptr;
  std::vector<std::string> warnings_;
};

// Reads a file by its extension, as Envoy does: .yaml and .yml are YAML, other text is JSON.
// nullptr after a problem was added.
std::unique_ptr<Document> read_document(const std::string& path, Problems& problems);

}  // namespace outrigger::xds
