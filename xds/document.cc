#include "xds/document.h"

#include "absl/strings/match.h"
#include "fmt/format.h"

#include "xds/read_file.h"

namespace outrigger::xds {
namespace {

constexpr size_t kBlockBytes = 256 * 1024;

// Far above any real configuration.
constexpr size_t kMaxFileBytes = 512 * 1024 * 1024;

bool has_extension(const std::string& path, std::string_view extension) {
  return absl::EndsWithIgnoreCase(path, absl::string_view(extension.data(), extension.size()));
}

}  // namespace

const Node* Node::find(std::string_view wanted) const {
  if (kind != Kind::mapping) return nullptr;
  for (const Node* child = first; child != nullptr; child = child->next) {
    if (child->key() == wanted) return child;
  }
  return nullptr;
}

const char* Node::kind_name() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::number:
      return "a number";
    case Kind::string:
      return "a string";
    case Kind::sequence:
      return "a list";
    case Kind::mapping:
      return "a mapping";
  }
  return "";
}

void* Document::allocate(size_t bytes, size_t align) {
  auto aligned = [align](char* at) {
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(at) + align - 1) &
                                   ~(uintptr_t{align} - 1));
  };
  char* at = aligned(cursor_);
  if (cursor_ == nullptr || at + bytes > end_) {
    size_t size = bytes + align > kBlockBytes ? bytes + align : kBlockBytes;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    cursor_ = blocks_.back().get();
    end_ = cursor_ + size;
    at = aligned(cursor_);
  }
  cursor_ = at + bytes;
  return at;
}

std::unique_ptr<Document> read_document(const std::string& path, Problems& problems) {
  for (std::string_view binary : {".pb", ".pb_text", ".pb_length_delimited"}) {
    if (!has_extension(path, binary)) continue;
    problems.add(fmt::format("{}: {} files are not supported by Outrigger: write YAML or JSON",
                             path, binary));
    return nullptr;
  }
  std::optional<std::string> text = read_file(path, kMaxFileBytes);
  if (!text) {
    problems.add(fmt::format("unable to read file: {}", path));
    return nullptr;
  }
  bool yaml = has_extension(path, ".yaml") || has_extension(path, ".yml");
  return yaml ? Document::parse_yaml(*std::move(text), path, problems)
              : Document::parse_json(*std::move(text), path, problems);
}

}  // namespace outrigger::xds
