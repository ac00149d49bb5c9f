// JSON by RapidJSON's events. Numbers keep their digits.
#include <memory>
#include <string>
#include <utility>

#include "xds/document.h"
#include "xds/tree_builder.h"
#if defined(__clang__)
// The library's empty stack compares a null pointer with an offset; that check of clang's sanitizer
// would end every fuzzer here.
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif

namespace outrigger::xds {
namespace {

// The reader asks for octets one by one; the end is a NUL of our own, so that a NUL in the text is
// an error of its own.
class TextStream {
 public:
  using Ch = char;
  explicit TextStream(const std::string& text) : text_(text) {}
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char Take() {
    char c = Peek();
    ++at_;
    if (c == '\n') {
      ++line_;
      line_start_ = at_;
    }
    return c;
  }
  size_t Tell() const { return at_; }
  // Only for parsing in place.
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  void Flush() {}
  size_t PutEnd(char*) { return 0; }

  Position position(size_t back) const {
    size_t at = at_ > back ? at_ - back : 0;
    return {line_, static_cast<uint32_t>(at > line_start_ ? at - line_start_ + 1 : 1)};
  }
  bool at_end() const { return at_ >= text_.size(); }

 private:
  const std::string& text_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  uint32_t line_ = 1;
};

class JsonEvents {
 public:
  JsonEvents(TreeBuilder& builder, const TextStream& stream) : builder_(builder), stream_(stream) {}

  bool Null() { return put(Node::Kind::null, "null", 0); }
  bool Bool(bool value) { return put(Node::Kind::boolean, value ? "true" : "false", 0); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return put(Node::Kind::number, {text, size}, 0);
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return put(Node::Kind::string, {text, size}, 1);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    builder_.key(keep({text, size}, 1), stream_.position(size + 2));
    return true;
  }
  bool StartObject() { return builder_.open(Node::Kind::mapping, stream_.position(1)); }
  bool EndObject(rapidjson::SizeType /*members*/) { return close(); }
  bool StartArray() { return builder_.open(Node::Kind::sequence, stream_.position(1)); }
  bool EndArray(rapidjson::SizeType /*elements*/) { return close(); }
  // Numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  bool close() {
    builder_.close();
    return true;
  }
  bool put(Node::Kind kind, std::string_view text, size_t quote) {
    builder_.scalar(kind, keep(text, quote), stream_.position(text.size() + 2 * quote));
    return true;
  }
  // What was just read ends where the stream stands.
  std::string_view keep(std::string_view text, size_t quote) {
    size_t end = stream_.Tell() - quote;
    return builder_.keep(text, end >= text.size() ? end - text.size() : 0);
  }

  TreeBuilder& builder_;
  const TextStream& stream_;
};

}  // namespace

std::unique_ptr<Document> Document::parse_json(std::string text, std::string name,
                                               Problems& problems) {
  std::unique_ptr<Document> document(new Document(std::move(text), std::move(name)));
  TreeBuilder builder(*document, problems);
  TextStream stream(document->text_);
  JsonEvents events(builder, stream);
  rapidjson::Reader reader;
  // Iterative: the depth of the text must not become the depth of the stack.
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  rapidjson::ParseResult result = reader.Parse<kFlags>(stream, events);
  if (!result.IsError()) {
    if (!stream.at_end()) builder.problem(stream.position(0), "text after the end of the document");
  } else if (result.Code() !=
             rapidjson::kParseErrorTermination) {  // else an event handler has said why
    builder.problem(stream.position(0), rapidjson::GetParseError_En(result.Code()));
  }
  return document;
}

}  // namespace outrigger::xds
