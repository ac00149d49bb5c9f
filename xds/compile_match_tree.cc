#include "xds/compile_match_tree.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/type/matcher/v3/string.pb.h"
#include "xds/type/matcher/v3/ip.pb.h"

#include "xds/compile_match_input.h"
#include "xds/compile_matcher.h"
#include "xds/field_errors.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using ::xds::type::matcher::v3::IPMatcher;
using ::xds::type::matcher::v3::Matcher;
using PredicateMessage = Matcher::MatcherList::Predicate;
using TreeMessage = Matcher::MatcherTree;

// Trees inside of each other, and predicates: evaluation goes down as deep, on a worker's stack.
constexpr int kMaxMatchDepth = 32;

class MatchTreeCompiler {
 public:
  MatchTreeCompiler(MatchSubject subject, const CompileMatchAction& compile_action)
      : subject_(subject), compile_action_(compile_action) {}

  absl::StatusOr<config::MatchTree> tree(const Matcher& message, int depth);

 private:
  absl::StatusOr<config::OnMatch> on_match(const Matcher::OnMatch& message, int depth);
  absl::StatusOr<config::MatchPredicate> predicate(const PredicateMessage& message, int depth);
  absl::StatusOr<config::MatchPredicate> single(const PredicateMessage::SinglePredicate& message);
  void children(const PredicateMessage::PredicateList& message, const char* field, int depth,
                config::MatchPredicate& out, FieldErrors& errors);
  void conditions(const Matcher::MatcherList& message, int depth, config::MatchTree& out,
                  FieldErrors& errors);
  void map(const TreeMessage& message, int depth, config::MatchTree& out, FieldErrors& errors);
  void texts(const TreeMessage::MatchMap& message, const char* field, int depth,
             config::MatchTree& out, FieldErrors& errors);
  void ranges(const google::protobuf::Any& message, int depth, config::MatchTree& out,
              FieldErrors& errors);

  MatchSubject subject_;
  const CompileMatchAction& compile_action_;
};

absl::Status too_deep() {
  FieldErrors errors;
  errors.add("", fmt::format("is nested more than {} deep", kMaxMatchDepth));
  return errors.status();
}

absl::StatusOr<config::OnMatch> MatchTreeCompiler::on_match(const Matcher::OnMatch& message,
                                                            int depth) {
  FieldErrors errors;
  config::OnMatch out;
  if (message.keep_matching()) errors.add("keep_matching", "is not supported in this context");
  if (message.has_matcher()) {
    out.tree = std::make_shared<const config::MatchTree>(
        errors.take_nested("matcher", tree(message.matcher(), depth + 1)));
  } else if (message.has_action()) {
    out.action = errors.take_nested("action", compile_action_(message.action()));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

// The same message under another name: octets of the one are octets of the other.
absl::StatusOr<config::StringMatcher> compile_string(
    const ::xds::type::matcher::v3::StringMatcher& message) {
  envoy::type::matcher::v3::StringMatcher same;
  if (!same.ParseFromString(message.SerializeAsString()))
    return absl::InvalidArgumentError("cannot be read");
  return compile_string_matcher(same);
}

absl::StatusOr<config::MatchPredicate> MatchTreeCompiler::single(
    const PredicateMessage::SinglePredicate& message) {
  FieldErrors errors;
  config::MatchPredicate out;
  if (message.has_custom_match()) {
    out =
        errors.take_nested("custom_match", compile_input_matcher(message.custom_match(), subject_));
  } else {
    out.text = errors.take_nested("value_match", compile_string(message.value_match()));
  }
  out.input = errors.take_nested("input", compile_match_input(message.input(), subject_));
  if (!errors.empty()) return errors.status();
  return out;
}

void MatchTreeCompiler::children(const PredicateMessage::PredicateList& message, const char* field,
                                 int depth, config::MatchPredicate& out, FieldErrors& errors) {
  for (int i = 0; i < message.predicate_size(); ++i) {
    out.children.push_back(
        errors.take_nested(indexed(field, i), predicate(message.predicate(i), depth + 1)));
  }
}

absl::StatusOr<config::MatchPredicate> MatchTreeCompiler::predicate(const PredicateMessage& message,
                                                                    int depth) {
  using Kind = config::MatchPredicate::Kind;
  if (depth > kMaxMatchDepth) return too_deep();
  FieldErrors errors;
  config::MatchPredicate out;
  switch (message.match_type_case()) {
    case PredicateMessage::kSinglePredicate:
      out = errors.take_nested("single_predicate", single(message.single_predicate()));
      break;
    case PredicateMessage::kOrMatcher:
      out.kind = Kind::any;
      children(message.or_matcher(), "or_matcher.predicate", depth, out, errors);
      break;
    case PredicateMessage::kAndMatcher:
      out.kind = Kind::all;
      children(message.and_matcher(), "and_matcher.predicate", depth, out, errors);
      break;
    case PredicateMessage::kNotMatcher:
      out.kind = Kind::none;
      out.children.push_back(
          errors.take_nested("not_matcher", predicate(message.not_matcher(), depth + 1)));
      break;
    default:
      errors.add("", "has no condition");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

void MatchTreeCompiler::conditions(const Matcher::MatcherList& message, int depth,
                                   config::MatchTree& out, FieldErrors& errors) {
  for (int i = 0; i < message.matchers_size(); ++i) {
    const auto& matcher = message.matchers(i);
    std::string field = indexed("matcher_list.matchers", i);
    config::MatchTree::Condition condition;
    condition.predicate =
        errors.take_nested(field + ".predicate", predicate(matcher.predicate(), depth));
    condition.then = errors.take_nested(field + ".on_match", on_match(matcher.on_match(), depth));
    out.conditions.push_back(std::move(condition));
  }
}

void MatchTreeCompiler::texts(const TreeMessage::MatchMap& message, const char* field, int depth,
                              config::MatchTree& out, FieldErrors& errors) {
  for (const auto& [key, value] : message.map()) {
    out.texts[key] =
        errors.take_nested(fmt::format("{}.map[\"{}\"]", field, key), on_match(value, depth));
    if (std::find(out.lengths.begin(), out.lengths.end(), key.size()) == out.lengths.end())
      out.lengths.push_back(key.size());
  }
  std::sort(out.lengths.rbegin(), out.lengths.rend());
}

void MatchTreeCompiler::ranges(const google::protobuf::Any& any, int depth, config::MatchTree& out,
                               FieldErrors& errors) {
  const std::string field = "matcher_tree.custom_match.typed_config";
  auto message = unpack_any(any);
  if (!message.ok() || (*message)->GetDescriptor() != IPMatcher::descriptor()) {
    errors.add(field, fmt::format("the type '{}' is not supported by Outrigger", any.type_url()));
    return;
  }
  const auto& matcher = static_cast<const IPMatcher&>(**message);
  for (int i = 0; i < matcher.range_matchers_size(); ++i) {
    const auto& entry = matcher.range_matchers(i);
    std::string here = fmt::format("{}.range_matchers[{}]", field, i);
    config::OnMatch then =
        errors.take_nested(here + ".on_match", on_match(entry.on_match(), depth));
    for (int j = 0; j < entry.ranges_size(); ++j) {
      const auto& range = entry.ranges(j);
      auto compiled = net::Cidr::from_ip(range.address_prefix(), range.prefix_len().value());
      if (compiled) {
        out.ranges.add({*compiled, entry.exclusive(), then});
      } else {
        errors.add(fmt::format("{}.ranges[{}].address_prefix", here, j),
                   fmt::format("'{}' is not an IP address", range.address_prefix()));
      }
    }
  }
}

void MatchTreeCompiler::map(const TreeMessage& message, int depth, config::MatchTree& out,
                            FieldErrors& errors) {
  out.input =
      errors.take_nested("matcher_tree.input", compile_match_input(message.input(), subject_));
  switch (message.tree_type_case()) {
    case TreeMessage::kExactMatchMap:
      out.kind = config::MatchTree::Kind::exact;
      texts(message.exact_match_map(), "matcher_tree.exact_match_map", depth, out, errors);
      break;
    case TreeMessage::kPrefixMatchMap:
      out.kind = config::MatchTree::Kind::prefix;
      texts(message.prefix_match_map(), "matcher_tree.prefix_match_map", depth, out, errors);
      break;
    case TreeMessage::kCustomMatch:
      out.kind = config::MatchTree::Kind::ranges;
      ranges(message.custom_match().typed_config(), depth, out, errors);
      break;
    default:
      errors.add("matcher_tree", "has no map");
  }
}

absl::StatusOr<config::MatchTree> MatchTreeCompiler::tree(const Matcher& message, int depth) {
  if (depth > kMaxMatchDepth) return too_deep();
  FieldErrors errors;
  config::MatchTree out;
  if (message.has_matcher_list()) conditions(message.matcher_list(), depth, out, errors);
  if (message.has_matcher_tree()) map(message.matcher_tree(), depth, out, errors);
  if (message.has_on_no_match())
    out.otherwise = errors.take_nested("on_no_match", on_match(message.on_no_match(), depth));
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

absl::StatusOr<config::MatchTree> compile_match_tree(const Matcher& matcher, MatchSubject subject,
                                                     const CompileMatchAction& compile_action) {
  return MatchTreeCompiler(subject, compile_action).tree(matcher, 0);
}

}  // namespace outrigger::xds
