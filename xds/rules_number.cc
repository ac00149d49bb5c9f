// Numbers, booleans, enums, durations and times.
#include <sys/time.h>

#include <cmath>
#include <compare>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"

#include "xds/rules.h"

namespace outrigger::xds {
namespace {

// Lower and upper bound together are a range; a lower bound above the upper one means "outside of".
template <class T>
struct Bounds {
  const T* lt = nullptr;
  const T* lte = nullptr;
  const T* gt = nullptr;
  const T* gte = nullptr;

  bool below_upper(const T& value) const {
    return lt != nullptr ? value < *lt : lte == nullptr || value <= *lte;
  }
  bool above_lower(const T& value) const {
    return gt != nullptr ? value > *gt : gte == nullptr || value >= *gte;
  }
  const T* upper() const { return lt != nullptr ? lt : lte; }
  const T* lower() const { return gt != nullptr ? gt : gte; }
  bool outside() const { return upper() != nullptr && lower() != nullptr && *upper() < *lower(); }

  bool allow(const T& value) const {
    if (outside()) return below_upper(value) || above_lower(value);
    return below_upper(value) && above_lower(value);
  }

  template <class Format>
  std::string text(Format format) const {
    std::string low;
    std::string high;
    if (lower() != nullptr)
      low = (gt != nullptr ? "greater than " : "greater than or equal to ") + format(*lower());
    if (upper() != nullptr)
      high = (lt != nullptr ? "less than " : "less than or equal to ") + format(*upper());
    if (low.empty() || high.empty()) return low + high;
    return low + (outside() ? " or " : " and ") + high;
  }
};

template <class T>
std::string number_text(const T& value) {
  return fmt::format("{}", value);
}

template <class T, class Rules>
Broken check_number(const Rules& rules, T value) {
  if (rules.ignore_empty() && value == T(0)) return std::nullopt;
  if (rules.has_const_() && value != rules.const_())
    return fmt::format("value must equal {} (is {})", rules.const_(), value);
  T lt = rules.lt(), lte = rules.lte(), gt = rules.gt(), gte = rules.gte();
  Bounds<T> bounds;
  if (rules.has_lt()) bounds.lt = &lt;
  if (rules.has_lte()) bounds.lte = &lte;
  if (rules.has_gt()) bounds.gt = &gt;
  if (rules.has_gte()) bounds.gte = &gte;
  if (!bounds.allow(value))
    return fmt::format("value must be {} (is {})", bounds.text(number_text<T>), value);
  auto listed = [value](const auto& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if (rules.in_size() > 0 && !listed(rules.in())) {
    return fmt::format("value must be one of {} (is {})", absl::StrJoin(rules.in(), ", "), value);
  }
  if (listed(rules.not_in()))
    return fmt::format("value must not be one of {} (is {})", absl::StrJoin(rules.not_in(), ", "),
                       value);
  return std::nullopt;
}

struct Duration {
  google::protobuf::Duration value;
  auto key() const { return std::pair(value.seconds(), value.nanos()); }
  auto operator<=>(const Duration& other) const { return key() <=> other.key(); }
  bool operator==(const Duration& other) const { return key() == other.key(); }
};

struct Time {
  google::protobuf::Timestamp value;
  auto key() const { return std::pair(value.seconds(), value.nanos()); }
  auto operator<=>(const Time& other) const { return key() <=> other.key(); }
  bool operator==(const Time& other) const { return key() == other.key(); }
};

template <class T>
std::string time_text(const T& time) {
  return google::protobuf::util::TimeUtil::ToString(time.value);
}

template <class T, class Rules>
Broken check_time_bounds(const Rules& rules, const T& value) {
  if (rules.has_const_() && value != T{rules.const_()}) {
    return fmt::format("value must equal {} (is {})", time_text(T{rules.const_()}),
                       time_text(value));
  }
  T lt{rules.lt()}, lte{rules.lte()}, gt{rules.gt()}, gte{rules.gte()};
  Bounds<T> bounds;
  if (rules.has_lt()) bounds.lt = &lt;
  if (rules.has_lte()) bounds.lte = &lte;
  if (rules.has_gt()) bounds.gt = &gt;
  if (rules.has_gte()) bounds.gte = &gte;
  if (bounds.allow(value)) return std::nullopt;
  return fmt::format("value must be {} (is {})", bounds.text(time_text<T>), time_text(value));
}

Time now() {
  timeval time{};
  gettimeofday(&time, nullptr);
  return {google::protobuf::util::TimeUtil::TimevalToTimestamp(time)};
}

}  // namespace

Broken check_float(const validate::FloatRules& rules, float value) {
  return check_number(rules, value);
}
Broken check_double(const validate::DoubleRules& rules, double value) {
  return check_number(rules, value);
}

Broken check_int32(const validate::FieldRules& rules, int32_t value) {
  if (rules.has_int32()) return check_number(rules.int32(), value);
  if (rules.has_sint32()) return check_number(rules.sint32(), value);
  if (rules.has_sfixed32()) return check_number(rules.sfixed32(), value);
  return std::nullopt;
}

Broken check_int64(const validate::FieldRules& rules, int64_t value) {
  if (rules.has_int64()) return check_number(rules.int64(), value);
  if (rules.has_sint64()) return check_number(rules.sint64(), value);
  if (rules.has_sfixed64()) return check_number(rules.sfixed64(), value);
  return std::nullopt;
}

Broken check_uint32(const validate::FieldRules& rules, uint32_t value) {
  if (rules.has_uint32()) return check_number(rules.uint32(), value);
  if (rules.has_fixed32()) return check_number(rules.fixed32(), value);
  return std::nullopt;
}

Broken check_uint64(const validate::FieldRules& rules, uint64_t value) {
  if (rules.has_uint64()) return check_number(rules.uint64(), value);
  if (rules.has_fixed64()) return check_number(rules.fixed64(), value);
  return std::nullopt;
}

Broken check_bool(const validate::BoolRules& rules, bool value) {
  if (rules.has_const_() && rules.const_() != value)
    return fmt::format("value must equal {}", rules.const_());
  return std::nullopt;
}

Broken check_enum(const validate::EnumRules& rules, int value,
                  const google::protobuf::EnumDescriptor& type) {
  auto name = [&type](int number) {
    const auto* known = type.FindValueByNumber(number);
    return known == nullptr ? std::to_string(number) : known->name();
  };
  auto names = [&name](const auto& list) {
    return absl::StrJoin(list, ", ",
                         [&name](std::string* out, int number) { out->append(name(number)); });
  };
  auto listed = [value](const auto& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if (rules.has_const_() && value != rules.const_())
    return fmt::format("value must equal {} (is {})", name(rules.const_()), name(value));
  if (rules.defined_only() && type.FindValueByNumber(value) == nullptr) {
    return fmt::format("value must be one of the defined enum values (is {})", value);
  }
  if (rules.in_size() > 0 && !listed(rules.in()))
    return fmt::format("value must be one of {} (is {})", names(rules.in()), name(value));
  if (listed(rules.not_in()))
    return fmt::format("value must not be one of {} (is {})", names(rules.not_in()), name(value));
  return std::nullopt;
}

Broken check_duration(const validate::DurationRules& rules,
                      const google::protobuf::Duration& value) {
  Duration duration{value};
  if (Broken broken = check_time_bounds(rules, duration)) return broken;
  auto listed = [&duration](const auto& list) {
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& item) { return Duration{item} == duration; });
  };
  auto texts = [](const auto& list) {
    return absl::StrJoin(list, ", ", [](std::string* out, const auto& item) {
      out->append(time_text(Duration{item}));
    });
  };
  if (rules.in_size() > 0 && !listed(rules.in())) {
    return fmt::format("value must be one of {} (is {})", texts(rules.in()), time_text(duration));
  }
  if (listed(rules.not_in()))
    return fmt::format("value must not be one of {} (is {})", texts(rules.not_in()),
                       time_text(duration));
  return std::nullopt;
}

Broken check_timestamp(const validate::TimestampRules& rules,
                       const google::protobuf::Timestamp& value) {
  Time time{value};
  if (Broken broken = check_time_bounds(rules, time)) return broken;
  if (rules.lt_now() && !(time < now()))
    return fmt::format("value must be in the past (is {})", time_text(time));
  if (rules.gt_now() && !(time > now()))
    return fmt::format("value must be in the future (is {})", time_text(time));
  if (!rules.has_within()) return std::nullopt;
  auto distance = static_cast<double>(value.seconds() - now().value.seconds());
  auto within = static_cast<double>(rules.within().seconds()) + 1e-9 * rules.within().nanos();
  if (std::abs(distance) <= within) return std::nullopt;
  return fmt::format("value must be within {} of now (is {})", time_text(Duration{rules.within()}),
                     time_text(time));
}

}  // namespace outrigger::xds
