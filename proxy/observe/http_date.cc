#include "proxy/observe/http_date.h"

#include <time.h>

#include <chrono>
#include <cstring>

#include "proxy/observe/digits.h"

namespace outrigger::observe {

std::string_view HttpDate::at(SystemTime now) {
  // Names of their own: strftime's follow the locale.
  constexpr char kDays[] = "SunMonTueWedThuFriSat";
  constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

  int64_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second == second_) return {text_, kLength};
  tm parts{};
  gmtime_r(&second, &parts);
  std::memcpy(text_, "Sun, 06 Nov 1994 08:49:37 GMT", kLength);
  std::memcpy(text_, kDays + 3 * parts.tm_wday, 3);
  put_digits(text_ + 5, 2, static_cast<uint64_t>(parts.tm_mday));
  std::memcpy(text_ + 8, kMonths + 3 * parts.tm_mon, 3);
  put_digits(text_ + 12, 4, static_cast<uint64_t>(parts.tm_year + 1900));
  put_digits(text_ + 17, 2, static_cast<uint64_t>(parts.tm_hour));
  put_digits(text_ + 20, 2, static_cast<uint64_t>(parts.tm_min));
  put_digits(text_ + 23, 2, static_cast<uint64_t>(parts.tm_sec));
  second_ = second;
  return {text_, kLength};
}

}  // namespace outrigger::observe
