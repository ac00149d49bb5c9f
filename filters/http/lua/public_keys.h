// PublicKeys: the keys that one run of a script imported, by their DER form, and what is signed
// with them. Thread: the stream's worker. Lifetime: the run's.
#pragma once

#include <forward_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace outrigger::filters::lua {

class PublicKeys {
 public:
  // The key's text, which lives as long as the run; nullptr: that is no SubjectPublicKeyInfo.
  const std::string* import(std::string_view der);
  bool knows(std::string_view der) const { return find(der) != nullptr; }
  // nullopt: the signature is good. Otherwise why it is not.
  std::optional<std::string> verify(std::string_view hash, std::string_view der,
                                    std::string_view signature, std::string_view text) const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  EVP_PKEY* find(std::string_view der) const;

  struct Key {
    std::string der;
    std::unique_ptr<EVP_PKEY, Free> key;
  };
  std::forward_list<Key> keys_;  // scripts hold them: they stay where they are
};

}  // namespace outrigger::filters::lua
