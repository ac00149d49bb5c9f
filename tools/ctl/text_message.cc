#include "tools/ctl/text_message.h"

#include <fstream>
#include <iterator>

#include "fmt/format.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace outrigger::ctl {
namespace {

class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  Collector(const std::string& path, xds::Problems& problems) : path_(path), problems_(problems) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    problems_.add(fmt::format("{}:{}:{}: {}", path_, line + 1, column + 1, message));
  }

 private:
  const std::string& path_;
  xds::Problems& problems_;
};

}  // namespace

bool is_text_message(const std::string& path) {
  return path.ends_with(".pb_text");
}

void read_text_message(const std::string& path, google::protobuf::Message& into,
                       xds::Problems& problems) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return problems.add(fmt::format("unable to read file: {}", path));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  Collector collector(path, problems);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  if (!parser.ParseFromString(text, &into) && problems.empty())
    problems.add(fmt::format("{}: is no {}", path, into.GetDescriptor()->name()));
}

}  // namespace outrigger::ctl
