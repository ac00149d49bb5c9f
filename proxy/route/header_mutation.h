// Applies configured header additions and removals to a message. Thread: the stream's worker;
// values live in the message's arena. One level: removals first; then every value is computed from
// the message as it was; then overwrites, then additions. Levels: weighted cluster, route, virtual
// host, table, so that the table has the last word, unless the table says that the most specific
// wins.
#pragma once

#include <string_view>

#include "api/config/header_mutation.h"
#include "api/config/route.h"
#include "api/http/header_map.h"

namespace outrigger::route {

// Gives the text of a substitution format for the stream at hand. The view must live as long as the
// message's arena.
class ValueSource {
 public:
  virtual std::string_view value(const config::SubstitutionFormat& format) = 0;
  // The text of a body's format.
  virtual std::string_view render(const config::LogFormat& /*format*/,
                                  std::string_view local_reply_body) {
    return local_reply_body;
  }

 protected:
  ~ValueSource() = default;
};

void apply(const config::HeaderMutations& mutations, http::HeaderMap& headers, ValueSource& values);
// In their order, each on what those before it left.
void apply(const std::vector<config::HeaderStep>& steps, http::HeaderMap& headers,
           ValueSource& values);

// Any of them may be nullptr but the table.
struct MutationLevels {
  const config::RouteTable* table = nullptr;
  const config::VirtualHost* host = nullptr;
  const config::Route* route = nullptr;
  const config::WeightedCluster* weighted = nullptr;
};

// Applies the request additions of all levels and the weighted cluster's host_rewrite_literal.
// Comes before rewrite_request().
void mutate_request(const MutationLevels& levels, http::HeaderMap& headers, ValueSource& values);
void mutate_response(const MutationLevels& levels, http::HeaderMap& headers, ValueSource& values);

}  // namespace outrigger::route
