#include "proxy/observe/time_text.h"

#include <time.h>

#include <chrono>

#include "proxy/observe/digits.h"

namespace outrigger::observe {
namespace {

constexpr std::string_view kDefaultFormat = "%Y-%m-%dT%H:%M:%S.%3fZ";
constexpr size_t kFractionDigits = 9;

// Appends strftime's output. `format` ends with a character of its own, so that an empty result
// differs from a failure.
void append_strftime(std::string format, const tm& parts, std::string& out) {
  if (format.empty()) return;
  format += '.';
  char text[512];  // longer than any format a person writes; strftime writes nothing if it is not
  size_t size = strftime(text, sizeof text, format.c_str(), &parts);
  if (size > 0) out.append(text, size - 1);
}

}  // namespace

std::string_view TimeText::text(std::string_view format, Zone zone, SystemTime time) {
  if (format.empty()) format = kDefaultFormat;
  auto second = std::chrono::floor<std::chrono::seconds>(time);
  Entry& e = entry(format, zone);
  if (e.second != second.time_since_epoch().count()) fill(e, second.time_since_epoch().count());
  auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(time - second).count();
  for (const Fraction& fraction : e.fractions) {
    uint64_t digits = static_cast<uint64_t>(ns);
    for (size_t i = fraction.digits; i < kFractionDigits; ++i) digits /= 10;
    put_digits(e.text.data() + fraction.at, fraction.digits, digits);
  }
  return e.text;
}

TimeText::Entry& TimeText::entry(std::string_view format, Zone zone) {
  for (Entry& e : entries_) {
    if (e.zone == zone && e.format == format) return e;
  }
  Entry& e = entries_[oldest_];
  oldest_ = (oldest_ + 1) % kEntries;
  e = Entry{};
  e.format = format;
  e.zone = zone;
  return e;
}

void TimeText::fill(Entry& e, int64_t second) {
  tm parts{};
  time_t seconds = second;
  e.zone == Zone::utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts);
  e.second = second;
  e.text.clear();
  e.fractions.clear();

  std::string pending;  // for strftime
  auto flush = [&] {
    append_strftime(std::move(pending), parts, e.text);
    pending.clear();
  };
  std::string_view rest = e.format;
  while (!rest.empty()) {
    if (rest.front() != '%' || rest.size() < 2) {
      pending += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    bool sized = rest.size() > 2 && rest[1] >= '1' && rest[1] <= '9' && rest[2] == 'f';
    if (sized || rest[1] == 'f') {
      flush();
      size_t digits = sized ? static_cast<size_t>(rest[1] - '0') : kFractionDigits;
      e.fractions.push_back({e.text.size(), digits});
      e.text.append(digits, '0');
      rest.remove_prefix(sized ? 3 : 2);
    } else if (rest[1] == 's') {
      pending += std::to_string(second);
      rest.remove_prefix(2);
    } else {
      pending.append(rest.substr(0, 2));
      rest.remove_prefix(2);
    }
  }
  flush();
}

}  // namespace outrigger::observe
