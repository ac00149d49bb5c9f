#include "proxy/admin/runtime_store.h"

#include <cctype>
#include <cmath>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "google/protobuf/util/json_util.h"

#include "envoy/type/v3/percent.pb.h"

#include "api/stats_runtime.h"

namespace outrigger::admin {
namespace {

// "{numerator: 5, denominator: TEN_THOUSAND}" as JSON; absent if the text is anything else.
std::optional<uint32_t> read_fraction(const std::string& text) {
  if (text.empty() || text.front() != '{') return std::nullopt;
  envoy::type::v3::FractionalPercent percent;
  if (!google::protobuf::util::JsonStringToMessage(text, &percent).ok()) return std::nullopt;
  uint64_t scale = 10'000;
  if (percent.denominator() == envoy::type::v3::FractionalPercent::TEN_THOUSAND) scale = 100;
  if (percent.denominator() == envoy::type::v3::FractionalPercent::MILLION) scale = 1;
  return static_cast<uint32_t>(std::min<uint64_t>(percent.numerator() * scale, 1'000'000));
}

std::optional<bool> read_boolean(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

}  // namespace

config::RuntimeValue read_runtime_value(std::string_view text) {
  config::RuntimeValue value;
  value.text = std::string(text);
  double decimal = 0;
  if (absl::SimpleAtod(value.text, &decimal) && std::isfinite(decimal)) {
    value.decimal = decimal;
    bool whole = decimal >= 0 && decimal == std::floor(decimal) && decimal < 18446744073709551616.0;
    if (uint64_t number = 0; absl::SimpleAtoi(value.text, &number)) {
      value.number = number;
    } else if (whole) {
      value.number = static_cast<uint64_t>(decimal);
    }
  }
  value.boolean = read_boolean(value.text);
  value.per_million = read_fraction(value.text);
  return value;
}

RuntimeStore::RuntimeStore(const std::vector<config::Bootstrap::RuntimeLayer>& layers,
                           StatsRegistry* stats) {
  if (stats != nullptr) scope_ = stats->scope<RuntimeStats>("runtime.");
  for (const auto& layer : layers) {
    layers_.push_back({layer.name, {layer.values.begin(), layer.values.end()}, layer.admin});
  }
  rebuild();
}

void RuntimeStore::on_change(Listener tell) {
  tell_ = std::move(tell);
  tell_(snapshot_);
}

void RuntimeStore::set_layer(const config::Bootstrap::RuntimeLayer& values) {
  for (Layer& layer : layers_) {
    if (layer.name != values.name || layer.admin) continue;
    layer.values = {values.values.begin(), values.values.end()};
    rebuild();
  }
}

absl::Status RuntimeStore::modify(std::span<const std::pair<std::string, std::string>> overrides) {
  for (Layer& layer : layers_) {
    if (!layer.admin) continue;
    for (const auto& [key, value] : overrides) {
      if (value.empty()) {
        layer.values.erase(key);
      } else {
        layer.values[key] = value;
      }
    }
    rebuild();
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError("No admin layer specified");
}

void RuntimeStore::rebuild() {
  config::RuntimeSnapshot::Values values;
  for (const Layer& layer : layers_) {
    for (const auto& [key, text] : layer.values) {
      if (!text.empty()) values[key] = read_runtime_value(text);
    }
  }
  count(values.size());
  snapshot_ = std::make_shared<const config::RuntimeSnapshot>(std::move(values));
  if (tell_) tell_(snapshot_);
}

void RuntimeStore::count(size_t keys) {
  if (scope_ == nullptr) return;
  auto& stats = scope_->local<RuntimeStats>(StatsScope::kMainThread);
  bool overridden = false;
  for (const Layer& layer : layers_)
    overridden = overridden || (layer.admin && !layer.values.empty());
  stats.load_success.inc();
  stats.num_layers.set(static_cast<int64_t>(layers_.size()));
  stats.num_keys.set(static_cast<int64_t>(keys));
  stats.admin_overrides_active.set(overridden ? 1 : 0);
}

}  // namespace outrigger::admin
