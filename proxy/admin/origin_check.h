// Keeps other web sites from changing the proxy through the browser of somebody who can reach the
// administration interface.
#pragma once

#include <string_view>

namespace outrigger::admin {

// A browser names the site that a POST comes from in `Origin`; other clients send none. True: the
// site is this server (`host` is the Host header), or there is no browser. What this cannot stop is
// in docs/admin.md.
bool same_origin(std::string_view origin, std::string_view host);

}  // namespace outrigger::admin
