#include "proxy/tls/record_bio.h"

#include <algorithm>
#include <cstring>

#include "proxy/tls/tls_transport.h"

namespace outrigger::tls {

BIO_METHOD* RecordBio::method() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
    BIO_meth_set_read_ex(made, &RecordBio::read);
    BIO_meth_set_write_ex(made, &RecordBio::write);
    BIO_meth_set_ctrl(made, &RecordBio::control);
    return made;
  }();
  return kMethod;
}

void RecordBio::attach(SSL* ssl, TlsTransport& transport) {
  BIO* bio = BIO_new(method());
  BIO_set_data(bio, &transport);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
}

int RecordBio::read(BIO* bio, char* into, size_t size, size_t* taken) {
  auto& transport = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *taken = std::min(size, transport.input_.size());
  if (*taken == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, transport.input_.data(), *taken);
  transport.input_.remove_prefix(*taken);
  return 1;
}

int RecordBio::write(BIO* bio, const char* from, size_t size, size_t* taken) {
  auto& transport = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  std::memcpy(transport.inner_->reserve(size), from, size);
  transport.inner_->commit(size);
  *taken = size;
  return 1;
}

long RecordBio::control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace outrigger::tls
