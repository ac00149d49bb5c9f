#include "tools/ctl/coverage.h"

#include <algorithm>
#include <bit>

#include "fmt/format.h"
#include "google/protobuf/text_format.h"

namespace outrigger::ctl {
namespace {

constexpr uint8_t bit(Coverage::Field field) {
  return static_cast<uint8_t>(1u << field);
}

constexpr uint8_t kForwardFields = bit(Coverage::cluster) | bit(Coverage::virtual_cluster) |
                                   bit(Coverage::virtual_host) | bit(Coverage::path_rewrite) |
                                   bit(Coverage::host_rewrite);
constexpr uint8_t kAnswerFields = bit(Coverage::redirect_path) | bit(Coverage::redirect_code);

std::string text_of(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

}  // namespace

double Coverage::Covered::share() const {
  uint8_t all = answers ? kAnswerFields : kForwardFields;
  return static_cast<double>(std::popcount(static_cast<unsigned>(fields & all))) /
         std::popcount(static_cast<unsigned>(all));
}

void Coverage::mark(const Decision& decision, Field field) {
  if (!decision.has_entry() && !decision.answers()) return;
  const config::ForwardAction* forward = decision.forward();
  bool named = forward != nullptr && (!forward->cluster_header.empty() ||
                                      (decision.matched.cluster.weighted != nullptr &&
                                       !decision.matched.cluster.weighted->cluster_header.empty()));
  Covered wanted{decision.matched.route, decision.matched.cluster.weighted,
                 named ? std::string(decision.matched.cluster.name) : std::string(),
                 decision.answers(), 0};
  auto found = std::ranges::find_if(covered_, [&wanted](const Covered& entry) {
    return entry.route == wanted.route && entry.weighted == wanted.weighted &&
           entry.cluster == wanted.cluster;
  });
  if (found == covered_.end()) found = covered_.insert(found, wanted);
  found->fields = static_cast<uint8_t>(found->fields | bit(field));
}

size_t Coverage::countable_routes() const {
  size_t count = 0;
  for (const auto& host : routes_.message().virtual_hosts()) {
    for (const auto& route : host.routes()) {
      const auto& weighted = route.route().weighted_clusters();
      count +=
          route.route().has_weighted_clusters() ? static_cast<size_t>(weighted.clusters_size()) : 1;
    }
  }
  return count;
}

double Coverage::of_routes() const {
  size_t all = countable_routes();
  return all == 0 ? 0 : 100 * static_cast<double>(covered_.size()) / static_cast<double>(all);
}

double Coverage::of_fields() const {
  size_t all = countable_routes();
  double sum = 0;
  for (const Covered& covered : covered_) sum += covered.share();
  return all == 0 ? 0 : 100 * sum / static_cast<double>(all);
}

std::vector<Coverage::Missing> Coverage::missing() const {
  std::vector<Missing> out;
  const auto& hosts = routes_.table().hosts;
  for (size_t i = 0; i < hosts.size(); ++i) {
    const auto& message = routes_.message_of(hosts[i]);
    for (int j = 0; j < message.routes_size(); ++j) {
      bool covered = std::ranges::any_of(covered_, [&](const Covered& entry) {
        return entry.route != nullptr &&
               routes_.message_of(hosts[i], *entry.route) == &message.routes(j);
      });
      if (covered) continue;
      // Several routes may have one name, or none: the place tells them apart.
      out.push_back(
          {message.name(), text_of(message.routes(j).match()),
           fmt::format("{}-virtual_hosts[{}].routes[{}]", message.routes(j).name(), i, j)});
    }
  }
  return out;
}

}  // namespace outrigger::ctl
