// YAML by libyaml's events. Anchors are resolved while reading; an alias shares the nodes of its
// anchor.
#include <yaml.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"

#include "xds/document.h"
#include "xds/tree_builder.h"
#include "xds/yaml_scalar.h"

namespace outrigger::xds {
namespace {

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

Position position(const yaml_mark_t& mark) {
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

// Envoy's own tag: the field whose key has it is only there to be referred to.
constexpr std::string_view kIgnoreTag = "!ignore";
constexpr std::string_view kStringTag = YAML_STR_TAG;

class YamlReader {
 public:
  YamlReader(TreeBuilder& builder, const std::string& text) : builder_(builder) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;
  ~YamlReader() { yaml_parser_delete(&parser_); }

  void read() {
    bool more = true;
    while (more) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) {
        report_syntax();
        return;
      }
      more = take(event);
      yaml_event_delete(&event);
    }
  }

 private:
  struct Anchor {
    const Node* node = nullptr;  // nullptr: still open
    uint64_t size = 1;
  };
  // A container that is open: its anchor, the key under which it stands, what "<<" named in it.
  struct Level {
    std::string anchor;
    bool is_merge = false;
    std::vector<std::pair<const Node*, uint64_t>> merges;
  };

  // False: stop.
  bool take(const yaml_event_t& event) {
    Position at = position(event.start_mark);
    switch (event.type) {
      case YAML_STREAM_END_EVENT:
        return false;
      case YAML_DOCUMENT_START_EVENT:
        if (++documents_ == 1) return true;
        builder_.warn(at, "only the first document of the file is read");
        return false;
      case YAML_SCALAR_EVENT:
        return scalar(event, at);
      case YAML_ALIAS_EVENT:
        return alias(text_of(event.data.alias.anchor), at);
      case YAML_SEQUENCE_START_EVENT:
        return open(Node::Kind::sequence, text_of(event.data.sequence_start.anchor), at);
      case YAML_MAPPING_START_EVENT:
        return open(Node::Kind::mapping, text_of(event.data.mapping_start.anchor), at);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close(at);
      default:
        return true;
    }
  }

  bool open(Node::Kind kind, std::string_view anchor, Position at) {
    if (builder_.expects_key()) {
      builder_.problem(at, "a list or mapping cannot be a key");
      return false;
    }
    bool is_merge = take_merge_key();
    if (is_merge) builder_.drop_next_value();
    if (!builder_.open(kind, at)) return false;
    levels_.push_back({std::string(anchor), is_merge, {}});
    if (!anchor.empty()) anchors_[std::string(anchor)] = {};
    return true;
  }

  bool close(Position at) {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    uint64_t size = builder_.open_size();
    Node* node = builder_.close();
    for (const auto& [from, added] : level.merges) {
      builder_.merge(*node, *from);
      size += added;
    }
    if (!level.anchor.empty()) anchors_[level.anchor] = {node, size};
    return !level.is_merge || merge(*node, size, at);
  }

  bool scalar(const yaml_event_t& event, Position at) {
    const auto& data = event.data.scalar;
    std::string_view value(reinterpret_cast<const char*>(data.value), data.length);
    std::string_view anchor = text_of(data.anchor);
    bool quoted = data.style != YAML_PLAIN_SCALAR_STYLE;
    size_t offset = event.start_mark.index + (quoted ? 1 : 0);
    if (builder_.expects_key()) {
      builder_.key(builder_.keep(value, offset), at);
      if (!quoted && value == "<<") merge_key_ = true;
      if (text_of(data.tag) == kIgnoreTag) builder_.drop_next_value();
      return true;
    }
    if (take_merge_key()) {
      builder_.problem(at, "'<<' merges mappings, not a scalar");
      return false;
    }
    std::string text(value);
    Node::Kind kind = Node::Kind::string;
    if (!quoted && text_of(data.tag) != kStringTag) kind = resolve_plain_scalar(value, text);
    Node* node = builder_.scalar(kind, builder_.keep(text, offset), at);
    if (!anchor.empty()) anchors_[std::string(anchor)] = {node, 1};
    return true;
  }

  bool alias(std::string_view name, Position at) {
    auto found = anchors_.find(std::string(name));
    if (found == anchors_.end() || found->second.node == nullptr) {
      builder_.problem(at, fmt::format("alias '*{}' has no anchor before it", name));
      return false;
    }
    const auto [node, size] = found->second;
    if (builder_.expects_key()) {
      if (node->is_container()) {
        builder_.problem(at, "a list or mapping cannot be a key");
        return false;
      }
      builder_.key(node->text(), at);
      return true;
    }
    if (take_merge_key()) {
      drop_scalar(at);
      return merge(*node, size, at);
    }
    if (!builder_.at_root()) builder_.open_size() += size - 1;
    builder_.copy(*node, at);
    return within_limit(size, at);
  }

  // The value of "<<": a mapping, or a list of mappings of which earlier ones win.
  bool merge(const Node& from, uint64_t size, Position at) {
    if (from.kind == Node::Kind::mapping) {
      levels_.back().merges.emplace_back(&from, size);
      return within_limit(size, at);
    }
    for (const Node* item = from.first_child(); item != nullptr; item = item->next) {
      if (item->kind != Node::Kind::mapping) {
        builder_.problem(at, fmt::format("'<<' merges mappings, not {}", item->kind_name()));
        return false;
      }
      levels_.back().merges.emplace_back(item, item->text_size);
    }
    if (from.kind == Node::Kind::sequence) return within_limit(size, at);
    builder_.problem(at, fmt::format("'<<' merges mappings, not {}", from.kind_name()));
    return false;
  }

  // The place of a merge key's value is taken by what it names.
  void drop_scalar(Position at) {
    builder_.drop_next_value();
    builder_.scalar(Node::Kind::null, {}, at);
  }

  bool within_limit(uint64_t size, Position at) {
    alias_nodes_ += size;
    if (alias_nodes_ <= kMaxAliasNodes) return true;
    builder_.problem(at, fmt::format("aliases stand for more than {} nodes", kMaxAliasNodes));
    return false;
  }

  bool take_merge_key() { return std::exchange(merge_key_, false); }

  void report_syntax() {
    Position at = position(parser_.problem_mark);
    std::string_view problem =
        parser_.problem == nullptr ? std::string_view("out of memory") : parser_.problem;
    if (parser_.error == YAML_READER_ERROR) at = {parser_line(), 1};
    if (parser_.context == nullptr) {
      builder_.problem(at, problem);
    } else {
      builder_.problem(at, fmt::format("{} ({}, which began in line {})", problem, parser_.context,
                                       parser_.context_mark.line + 1));
    }
  }
  uint32_t parser_line() const { return static_cast<uint32_t>(parser_.mark.line + 1); }

  TreeBuilder& builder_;
  yaml_parser_t parser_;
  absl::flat_hash_map<std::string, Anchor> anchors_;
  std::vector<Level> levels_;
  uint64_t alias_nodes_ = 0;
  int documents_ = 0;
  bool merge_key_ = false;  // the key just read was "<<"
};

}  // namespace

std::unique_ptr<Document> Document::parse_yaml(std::string text, std::string name,
                                               Problems& problems) {
  std::unique_ptr<Document> document(new Document(std::move(text), std::move(name)));
  TreeBuilder builder(*document, problems);
  YamlReader(builder, document->text_).read();
  return document;
}

}  // namespace outrigger::xds
