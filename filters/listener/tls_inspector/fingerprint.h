// Fingerprints of a ClientHello: what it tells of the client's TLS library. Thread: any.
// Definitions: https://github.com/salesforce/ja3, https://github.com/FoxIO-LLC/ja4
#pragma once

#include <string>

#include "filters/listener/tls_inspector/client_hello.h"

namespace outrigger::filters::tls_inspector {

std::string ja3(const ClientHello& hello);  // MD5, hexadecimal
std::string ja4(const ClientHello& hello);

}  // namespace outrigger::filters::tls_inspector
