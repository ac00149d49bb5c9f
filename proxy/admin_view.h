// What the administration interface shows of dynamic configuration, as the values that it knows.
// Thread: main. The results refer to the ledger: valid until the main thread returns to its loop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/server_view.h"
#include "xds/init_set.h"
#include "xds/ledger.h"

namespace outrigger {

std::vector<std::string> resource_types(const xds::Ledger& ledger);
admin::ResourceTypeStatus resources_of(const xds::Ledger& ledger, std::string_view type_url);

// For ServerView::unready_targets: what the set still waits for; appends nothing if it is ready.
void append_unready(const xds::InitSet& set, std::vector<admin::UnreadyTarget>& targets);

}  // namespace outrigger
