#include "tools/ctl/describe_stream.h"

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace outrigger::ctl {
namespace {

using config::StreamConditions;

// Calls visit(part, name, sentence) for each condition as one of its own.
template <class Visit>
void for_each_part(const StreamConditions& conditions, Visit visit) {
  StreamConditions part;
  if (conditions.certificate_presented) {
    part.certificate_presented = conditions.certificate_presented;
    visit(part, std::string("client certificate"),
          std::string(*conditions.certificate_presented
                          ? "the client has to present a certificate"
                          : "the client must not present a certificate"));
  }
  if (conditions.certificate_validated) {
    part = {};
    part.certificate_validated = conditions.certificate_validated;
    visit(part, std::string("validated client certificate"),
          std::string(*conditions.certificate_validated
                          ? "the client's certificate has to be validated"
                          : "the client's certificate must not be validated"));
  }
  for (const config::MetadataMatcher& matcher : conditions.metadata) {
    part = {};
    part.metadata.push_back(matcher);
    std::string name =
        fmt::format("dynamic metadata \"{}\" {}", matcher.filter, fmt::join(matcher.path, "."));
    visit(part, name, fmt::format("the {} is not as it has to be", name));
  }
  for (const config::FilterStateMatch& matcher : conditions.filter_state) {
    part = {};
    part.filter_state.push_back(matcher);
    std::string name = fmt::format("filter state \"{}\"", matcher.key);
    visit(part, name, fmt::format("the {} is not as it has to be", name));
  }
}

}  // namespace

std::string describe_stream(const StreamConditions& conditions) {
  std::vector<std::string> names;
  for_each_part(conditions, [&names](const StreamConditions&, const std::string& name,
                                     const std::string&) { names.push_back(name); });
  return fmt::format("{}", fmt::join(names, ", "));
}

void judge_stream(const StreamConditions& conditions, const StreamInfo* info,
                  std::vector<std::string>& out) {
  for_each_part(conditions,
                [&](const StreamConditions& part, const std::string&, const std::string& sentence) {
                  if (info == nullptr || !part.match(*info)) out.push_back(sentence);
                });
}

}  // namespace outrigger::ctl
