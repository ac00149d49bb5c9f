// Any text as a bootstrap: read, loaded, checked and compiled. Whatever it says, the answer is a
// configuration or a list of errors.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "xds/bootstrap.h"
#include "xds/document.h"
#include "xds/problems.h"

namespace {

class FreshRegistry final : public outrigger::StatsRegistry {
 public:
  outrigger::StatsScopePtr scope(std::string prefix, std::string extracted,
                                 std::vector<outrigger::StatTag> tags,
                                 const outrigger::StatsLayout& layout) override {
    return std::make_shared<outrigger::StatsScope>(prefix, extracted, std::move(tags), layout);
  }
};

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void load(const std::string& text, bool allow_unknown_fields) {
  FreshRegistry stats;
  outrigger::config::ClusterSlots clusters;
  outrigger::xds::CompileEnvironment environment{stats, clusters};
  outrigger::xds::BootstrapSource source;
  source.yaml = text;
  source.allow_unknown_fields = allow_unknown_fields;
  auto loaded = outrigger::xds::load_bootstrap(source, environment);
  // What is refused is explained; what is accepted is complete.
  require(loaded.ok() || !loaded.status().message().empty());
  if (!loaded.ok()) return;
  for (const auto& cluster : loaded->compiled.clusters)
    require(cluster->endpoints != nullptr && cluster->stats != nullptr);
  for (const auto& listener : loaded->compiled.listeners) {
    require(listener->address().valid() &&
            !(listener->chains.empty() && listener->default_chain == nullptr));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  load(text, size % 2 == 0);
  outrigger::xds::Problems problems;
  outrigger::xds::Document::parse_json(text, "fuzz.json", problems);
  return 0;
}
