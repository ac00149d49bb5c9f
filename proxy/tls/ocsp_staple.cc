#include "proxy/tls/ocsp_staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "proxy/tls/certificate_info.h"

namespace outrigger::tls {
namespace {

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;

absl::Status invalid(const char* text) {
  ERR_clear_error();
  return absl::InvalidArgumentError(text);
}

std::chrono::system_clock::time_point moment(const ASN1_GENERALIZEDTIME* time) {
  return time_of(reinterpret_cast<const ASN1_TIME*>(time));
}

}  // namespace

absl::StatusOr<OcspStaple> OcspStaple::parse(const std::string& der, X509* certificate) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (response == nullptr) return invalid("is not an OCSP response");
  if (OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return invalid("OCSP response was unsuccessful");
  BasicPtr basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) return invalid("OCSP response has no body");
  if (OCSP_resp_count(basic.get()) != 1)
    return invalid("OCSP response must be for one certificate only");
  OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), 0);
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial,
                    const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));
  if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) != 0)
    return invalid("OCSP response does not match its TLS certificate");
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  OCSP_single_get0_status(single, nullptr, nullptr, &this_update, &next_update);
  OcspStaple staple;
  staple.der_ = der;
  staple.this_update_ = moment(this_update);
  staple.next_update_ =
      next_update == nullptr ? std::chrono::system_clock::time_point::max() : moment(next_update);
  return staple;
}

bool must_staple(X509* certificate) {
  constexpr long kStatusRequest = 5;
  auto* features =
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate, NID_tlsfeature, nullptr, nullptr));
  bool found = false;
  for (int i = 0; features != nullptr && i < sk_ASN1_INTEGER_num(features); ++i)
    found |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == kStatusRequest;
  TLS_FEATURE_free(features);
  return found;
}

}  // namespace outrigger::tls
