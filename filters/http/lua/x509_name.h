// The parts of a certificate's subject that scripts ask for, out of its RFC 2253 text. Thread: any.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outrigger::filters::lua {

struct X509Name {
  std::string common_name;
  std::vector<std::string> organizations;
};

X509Name parse_x509_name(std::string_view text);

}  // namespace outrigger::filters::lua
