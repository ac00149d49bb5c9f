#include "proxy/upstream/load_report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace outrigger::upstream {
namespace {

constexpr std::string_view kHeader = "endpoint-load-metrics";
constexpr std::string_view kBinaryHeader = "endpoint-load-metrics-bin";
constexpr size_t kMaxName = 256;     // longer names are nobody's metrics
constexpr size_t kMaxBinary = 8192;  // octets; headers are not longer

std::string_view trimmed_value(std::string_view text) {
  size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

bool read_number(std::string_view text, double& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(out);
}

// Takes metrics by their names in the message.
class Reader {
 public:
  explicit Reader(const std::vector<std::string>& metrics) : metrics_(metrics) {}
  const LoadReport& report() const { return report_; }
  void take(std::string_view map, std::string_view name, double value) {
    if (map.empty()) take_field(name, value);
    for (const std::string& metric : metrics_) {
      if (is(metric, map, name)) report_.greatest_named = std::max(report_.greatest_named, value);
    }
  }

 private:
  void take_field(std::string_view name, double value) {
    if (name == "application_utilization") report_.application_utilization = value;
    if (name == "cpu_utilization") report_.cpu_utilization = value;
    if (name == "rps_fractional") report_.requests_per_second = value;
    if (name == "eps") report_.errors_per_second = value;
  }
  static bool is(std::string_view metric, std::string_view map, std::string_view name) {
    if (map.empty()) return metric == name;
    return metric.size() == map.size() + 1 + name.size() && metric.substr(0, map.size()) == map &&
           metric[map.size()] == '.' && metric.substr(map.size() + 1) == name;
  }
  const std::vector<std::string>& metrics_;
  LoadReport report_;
};

constexpr std::array<std::string_view, 3> kMaps = {"named_metrics", "utilization", "request_cost"};
constexpr std::array<std::string_view, 5> kFields = {
    "cpu_utilization", "mem_utilization", "application_utilization", "eps", "rps_fractional"};

// "cpu_utilization=0.3,named_metrics.foo=2"
bool read_text(std::string_view text, Reader& reader) {
  while (!text.empty()) {
    size_t end = std::min(text.find(','), text.size());
    std::string_view entry = trimmed_value(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    size_t split = entry.find_first_of("=:");
    if (split == std::string_view::npos) return false;
    std::string_view name = trimmed_value(entry.substr(0, split));
    double value = 0;
    if (!read_number(trimmed_value(entry.substr(split + 1)), value)) return false;
    size_t dot = name.find('.');
    std::string_view map = dot == std::string_view::npos ? "" : name.substr(0, dot);
    bool known = map.empty() ? std::find(kFields.begin(), kFields.end(), name) != kFields.end()
                             : std::find(kMaps.begin(), kMaps.end(), map) != kMaps.end();
    if (!known) return false;
    reader.take(map, map.empty() ? name : name.substr(dot + 1), value);
  }
  return true;
}

// One object of numbers and of objects of numbers.
class JsonScanner {
 public:
  JsonScanner(std::string_view text, Reader& reader) : rest_(text), reader_(reader) {}
  bool read() {
    if (!read_object("", 0)) return false;
    skip();
    return rest_.empty();
  }

 private:
  bool read_object(std::string_view map, int depth) {
    if (depth > 1 || !take('{')) return false;
    if (take('}')) return true;
    do {
      char storage[kMaxName];
      std::string_view name;
      if (!read_key(map.empty(), storage, name) || !take(':')) return false;
      skip();
      if (!rest_.empty() && rest_.front() == '{') {
        if (!read_object(name, depth + 1)) return false;
        continue;
      }
      size_t end = std::min(rest_.find_first_of(",} \t\r\n"), rest_.size());
      double value = 0;
      if (!read_number(rest_.substr(0, end), value)) return false;
      rest_.remove_prefix(end);
      reader_.take(map, name, value);
    } while (take(','));
    return take('}');
  }
  // Fields may be in camelCase; the names of metrics are theirs.
  bool read_key(bool of_field, char (&storage)[kMaxName], std::string_view& out) {
    if (!take('"')) return false;
    size_t end = rest_.find('"');
    if (end == std::string_view::npos) return false;
    std::string_view key = rest_.substr(0, end);
    if (key.find('\\') != std::string_view::npos || key.size() * 2 > kMaxName) return false;
    rest_.remove_prefix(end + 1);
    size_t size = 0;
    for (char c : key) {
      bool upper = of_field && c >= 'A' && c <= 'Z';
      if (upper) storage[size++] = '_';
      storage[size++] = upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    out = {storage, size};
    return true;
  }
  void skip() {
    size_t first = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(first, rest_.size()));
  }
  bool take(char wanted) {
    skip();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view rest_;
  Reader& reader_;
};

// xds.data.orca.v3.OrcaLoadReport as octets.
class BinaryScanner {
 public:
  BinaryScanner(std::string_view octets, Reader& reader) : rest_(octets), reader_(reader) {}
  bool read() {
    while (!rest_.empty()) {
      uint64_t tag = 0;
      if (!read_varint(tag)) return false;
      if (!read_field(tag >> 3, tag & 7)) return false;
    }
    return true;
  }

 private:
  static constexpr unsigned kVarint = 0, kDouble = 1, kBytes = 2, kFloat = 5;
  static std::string_view field_name(uint64_t number) {
    switch (number) {
      case 1:
        return "cpu_utilization";
      case 2:
        return "mem_utilization";
      case 4:
        return "request_cost";
      case 5:
        return "utilization";
      case 6:
        return "rps_fractional";
      case 7:
        return "eps";
      case 8:
        return "named_metrics";
      case 9:
        return "application_utilization";
      default:
        return {};
    }
  }
  bool read_field(uint64_t number, uint64_t kind) {
    std::string_view name = field_name(number);
    uint64_t ignored = 0;
    std::string_view bytes;
    double value = 0;
    switch (kind) {
      case kVarint:
        return read_varint(ignored);
      case kFloat:
        return skip(4);
      case kDouble:
        if (!read_double(value)) return false;
        if (!name.empty()) reader_.take("", name, value);
        return true;
      case kBytes:
        if (!read_bytes(bytes)) return false;
        return name.empty() || read_entry(name, bytes);
      default:
        return false;
    }
  }
  bool read_entry(std::string_view map, std::string_view entry) {
    BinaryScanner inner(entry, reader_);
    std::string_view key;
    double value = 0;
    while (!inner.rest_.empty()) {
      uint64_t tag = 0;
      if (!inner.read_varint(tag)) return false;
      bool good = tag == (1 << 3 | kBytes)    ? inner.read_bytes(key)
                  : tag == (2 << 3 | kDouble) ? inner.read_double(value)
                                              : false;
      if (!good) return false;
    }
    reader_.take(map, key, value);
    return true;
  }
  bool read_varint(uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      auto octet = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      out |= uint64_t{octet & 0x7fu} << shift;
      if (octet < 0x80) return true;
    }
    return false;
  }
  bool read_double(double& out) {
    if (rest_.size() < sizeof out) return false;
    uint64_t bits = 0;
    for (size_t i = sizeof bits; i > 0; --i)
      bits = bits << 8 | static_cast<unsigned char>(rest_[i - 1]);
    std::memcpy(&out, &bits, sizeof out);
    rest_.remove_prefix(sizeof out);
    return std::isfinite(out);
  }
  bool read_bytes(std::string_view& out) {
    uint64_t size = 0;
    if (!read_varint(size) || size > rest_.size()) return false;
    out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool skip(size_t octets) {
    if (rest_.size() < octets) return false;
    rest_.remove_prefix(octets);
    return true;
  }
  std::string_view rest_;
  Reader& reader_;
};

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

bool read_binary(std::string_view base64, Reader& reader) {
  while (!base64.empty() && base64.back() == '=') base64.remove_suffix(1);
  std::array<char, kMaxBinary> octets;
  if (base64.size() / 4 * 3 + 3 > octets.size()) return false;
  size_t size = 0;
  uint32_t bits = 0;
  unsigned count = 0;
  for (char c : base64) {
    int value = base64_value(c);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    octets[size++] = static_cast<char>(bits >> count & 0xff);
  }
  return BinaryScanner({octets.data(), size}, reader).read();
}

}  // namespace

std::optional<LoadReport> read_load_report(std::string_view value,
                                           const std::vector<std::string>& metrics) {
  Reader reader(metrics);
  size_t space = std::min(value.find(' '), value.size());
  std::string_view form = value.substr(0, space);
  std::string_view content = trimmed_value(value.substr(space));
  bool good = form == "TEXT"   ? read_text(content, reader)
              : form == "JSON" ? JsonScanner(content, reader).read()
              : form == "BIN"  ? read_binary(content, reader)
                               : false;
  if (!good) return std::nullopt;
  return reader.report();
}

std::optional<LoadReport> find_load_report(const http::HeaderMap& headers,
                                           const std::vector<std::string>& metrics) {
  std::string_view binary = headers.get(kBinaryHeader);
  if (!binary.empty()) {
    Reader reader(metrics);
    if (!read_binary(trimmed_value(binary), reader)) return std::nullopt;
    return reader.report();
  }
  std::string_view value = headers.get(kHeader);
  return value.empty() ? std::nullopt : read_load_report(value, metrics);
}

std::optional<uint32_t> weight_of(const LoadReport& report, double error_penalty) {
  double rate = report.requests_per_second;
  if (rate <= 0) return std::nullopt;
  double used = report.application_utilization;
  if (used <= 0) used = report.greatest_named;
  if (used <= 0) used = report.cpu_utilization;
  used += error_penalty * report.errors_per_second / rate;
  if (used <= 0) return std::nullopt;
  constexpr double kMost = std::numeric_limits<uint32_t>::max();
  return static_cast<uint32_t>(std::clamp(rate / used, 1.0, kMost));
}

}  // namespace outrigger::upstream
