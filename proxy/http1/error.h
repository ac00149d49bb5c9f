// HeadError: why a message was refused. Details are Envoy's response-code details, static text.
#pragma once

#include <string_view>

namespace outrigger::http1 {

struct HeadError {
  int status = 0;  // 0: no error; else what a server answers
  std::string_view detail;

  explicit operator bool() const { return status != 0; }
};

namespace details {
inline constexpr std::string_view kCodecError = "http1.codec_error";
inline constexpr std::string_view kInvalidCharacters = "http1.invalid_characters";
inline constexpr std::string_view kInvalidUrl = "http1.invalid_url";
inline constexpr std::string_view kInvalidScheme = "http1.invalid_scheme";
inline constexpr std::string_view kInvalidAuthority = "http.invalid_authority";
inline constexpr std::string_view kMissingHost = "missing_host_header";
inline constexpr std::string_view kLowVersion = "low_version";
inline constexpr std::string_view kConnectionRejected = "http1.connection_header_rejected";
inline constexpr std::string_view kTooManyHeaders = "http1.too_many_headers";
inline constexpr std::string_view kHeadersTooLarge = "http1.headers_too_large";
inline constexpr std::string_view kUnderscore = "http1.unexpected_underscore";
inline constexpr std::string_view kInvalidTransferEncoding = "http1.invalid_transfer_encoding";
inline constexpr std::string_view kTransferEncodingNotAllowed =
    "http1.transfer_encoding_not_allowed";
inline constexpr std::string_view kContentLengthNotAllowed = "http1.content_length_not_allowed";
inline constexpr std::string_view kLengthAndChunked =
    "http1.content_length_and_chunked_not_allowed";
inline constexpr std::string_view kBodyDisallowed = "http1.body_disallowed";
inline constexpr std::string_view kDownstreamDisconnect = "downstream_remote_disconnect";
inline constexpr std::string_view kUpstreamDisconnect = "upstream_remote_disconnect";
inline constexpr std::string_view kExtraneousData = "http1.extraneous_data_after_response";
inline constexpr std::string_view kLengthMismatch = "http1.body_length_mismatch";
}  // namespace details

inline constexpr HeadError kNoError{};
inline constexpr HeadError kMalformed{400, details::kCodecError};

// What an octet that may not stand where it does is called: a control character is one anywhere in
// a head, line ends and tabs are out of place only here.
inline constexpr HeadError out_of_place(char c) {
  bool control =
      (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) && c != '\r' && c != '\n' && c != '\t';
  return control ? HeadError{400, details::kInvalidCharacters} : kMalformed;
}

}  // namespace outrigger::http1
