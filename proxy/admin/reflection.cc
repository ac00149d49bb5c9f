#include "proxy/admin/reflection.h"

#include <cstdint>
#include <set>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

#include "proxy/admin/grpc_service.h"

namespace outrigger::admin {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// The messages of grpc.reflection.v1 are few and never change, so they are read and written here.
namespace field {
// ServerReflectionRequest
constexpr int kFileByName = 3;
constexpr int kFileOfSymbol = 4;
constexpr int kFileOfExtension = 5;
constexpr int kExtensionsOfType = 6;
constexpr int kListServices = 7;
constexpr int kContainingType = 1;
constexpr int kExtensionNumber = 2;
// ServerReflectionResponse
constexpr int kHost = 1;
constexpr int kOriginalRequest = 2;
constexpr int kFiles = 4;
constexpr int kExtensionNumbers = 5;
constexpr int kServices = 6;
constexpr int kError = 7;
// inside of them
constexpr int kFirst = 1;
constexpr int kSecond = 2;
}  // namespace field

constexpr int kNotFound = 5;
constexpr int kUnimplemented = 12;

struct Question {
  std::string host;
  int kind = 0;  // field number; 0: none was asked
  std::string text;
  uint32_t number = 0;  // of an extension
};

void put_varint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7f));
  out += static_cast<char>(value);
}

void put_text(int number, std::string_view text, std::string& out) {
  put_varint(static_cast<uint64_t>(number) << 3 | WireFormatLite::WIRETYPE_LENGTH_DELIMITED, out);
  put_varint(text.size(), out);
  out += text;
}

void put_number(int number, uint64_t value, std::string& out) {
  put_varint(static_cast<uint64_t>(number) << 3 | WireFormatLite::WIRETYPE_VARINT, out);
  put_varint(value, out);
}

// Calls `text(number, value)` and `varint(number, value)` for each field. False: malformed.
template <class OnText, class OnVarint>
bool read_fields(std::string_view octets, OnText text, OnVarint varint) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(octets.data()),
                         static_cast<int>(octets.size()));
  while (uint32_t tag = input.ReadTag()) {
    int number = WireFormatLite::GetTagFieldNumber(tag);
    if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      uint32_t size = 0;
      std::string value;
      if (!input.ReadVarint32(&size) || size > octets.size() ||
          !input.ReadString(&value, static_cast<int>(size)))
        return false;
      text(number, std::move(value));
    } else if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_VARINT) {
      uint64_t value = 0;
      if (!input.ReadVarint64(&value)) return false;
      varint(number, value);
    } else if (!WireFormatLite::SkipField(&input, tag)) {
      return false;
    }
  }
  return input.ConsumedEntireMessage();
}

absl::StatusOr<Question> read_question(std::string_view octets) {
  Question out;
  std::string extension;
  bool good = read_fields(
      octets,
      [&](int number, std::string value) {
        if (number == field::kHost) {
          out.host = std::move(value);
        } else if (number >= field::kFileByName && number <= field::kListServices) {
          out.kind = number;
          out.text = std::move(value);
        }
      },
      [](int, uint64_t) {});
  if (good && out.kind == field::kFileOfExtension) {
    extension = std::move(out.text);
    good = read_fields(
        extension,
        [&](int number, std::string value) {
          if (number == field::kContainingType) out.text = std::move(value);
        },
        [&](int number, uint64_t value) {
          if (number == field::kExtensionNumber) out.number = static_cast<uint32_t>(value);
        });
  }
  if (!good) return absl::InvalidArgumentError("the message is no ServerReflectionRequest");
  return out;
}

// One part of the response, by its field.
struct Answer {
  int kind;
  std::string octets;
};

Answer error_answer(int code, std::string_view message) {
  Answer out{field::kError, {}};
  put_number(field::kFirst, static_cast<uint64_t>(code), out.octets);
  put_text(field::kSecond, message, out.octets);
  return out;
}

// The file alone: clients ask for those that it imports, and know many already.
Answer file_answer(const FileDescriptor* file, std::string_view what) {
  if (file == nullptr) return error_answer(kNotFound, fmt::format("{} is not known", what));
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  Answer out{field::kFiles, {}};
  put_text(field::kFirst, proto.SerializeAsString(), out.octets);
  return out;
}

Answer extension_answer(const Question& question) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* type = pool.FindMessageTypeByName(question.text);
  const auto* extension =
      type == nullptr
          ? nullptr
          : pool.FindExtensionByNumber(type, static_cast<int>(question.number & 0x1fffffff));
  return file_answer(extension == nullptr ? nullptr : extension->file(),
                     fmt::format("extension {} of {}", question.number, question.text));
}

Answer extensions_answer(const std::string& name) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* type = pool.FindMessageTypeByName(name);
  if (type == nullptr) return error_answer(kNotFound, fmt::format("{} is not known", name));
  std::vector<const google::protobuf::FieldDescriptor*> extensions;
  pool.FindAllExtensions(type, &extensions);
  Answer out{field::kExtensionNumbers, {}};
  put_text(field::kFirst, name, out.octets);
  for (const auto* extension : extensions)
    put_number(field::kSecond, static_cast<uint64_t>(extension->number()), out.octets);
  return out;
}

Answer services_answer() {
  std::set<std::string_view> names;
  for (std::string_view path : grpc_method_paths())
    names.insert(path.substr(1, path.rfind('/') - 1));
  Answer out{field::kServices, {}};
  for (std::string_view name : names) {
    std::string service;
    put_text(field::kFirst, name, service);
    put_text(field::kFirst, service, out.octets);
  }
  return out;
}

Answer answer_to(const Question& question) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  switch (question.kind) {
    case field::kFileByName:
      return file_answer(pool.FindFileByName(question.text), question.text);
    case field::kFileOfSymbol:
      return file_answer(pool.FindFileContainingSymbol(question.text), question.text);
    case field::kFileOfExtension:
      return extension_answer(question);
    case field::kExtensionsOfType:
      return extensions_answer(question.text);
    case field::kListServices:
      return services_answer();
    default:
      return error_answer(kUnimplemented, "the request asks for nothing that is known here");
  }
}

}  // namespace

absl::StatusOr<std::string> reflect(std::string_view request, ServerView&) {
  auto question = read_question(request);
  if (!question.ok()) return question.status();
  Answer answer = answer_to(*question);
  std::string out;
  put_text(field::kHost, question->host, out);
  put_text(field::kOriginalRequest, request, out);
  put_text(answer.kind, answer.octets, out);
  return out;
}

}  // namespace outrigger::admin
