// ClientHellos as OpenSSL sends them. Thread: any.
#pragma once

#include <string>
#include <vector>

#include <openssl/ssl.h>

namespace outrigger::filters::test {

struct HelloWish {
  std::string name;  // SNI; empty: none
  std::vector<std::string> protocols;
  int max_version = TLS1_3_VERSION;
};

inline std::string client_hello(const HelloWish& wish) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, wish.max_version);
  SSL* ssl = SSL_new(context);
  if (!wish.name.empty()) SSL_set_tlsext_host_name(ssl, wish.name.c_str());
  std::string list;
  for (const std::string& protocol : wish.protocols)
    list += static_cast<char>(protocol.size()) + protocol;
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()),
                      static_cast<unsigned>(list.size()));
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
  SSL_connect(ssl);
  char* data = nullptr;
  long size = BIO_get_mem_data(out, &data);
  std::string bytes(data, static_cast<size_t>(size));
  SSL_free(ssl);
  SSL_CTX_free(context);
  return bytes;
}

// The same message in records of at most `size` octets.
inline std::string in_records(const std::string& hello, size_t size) {
  constexpr size_t kHeader = 5;
  std::string message = hello.substr(kHeader), out;
  for (size_t at = 0; at < message.size(); at += size) {
    std::string piece = message.substr(at, size);
    out += hello.substr(0, 3);
    out += static_cast<char>(piece.size() >> 8);
    out += static_cast<char>(piece.size() & 0xff);
    out += piece;
  }
  return out;
}

}  // namespace outrigger::filters::test
