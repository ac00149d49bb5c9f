// The table that binds nghttp2's C callbacks to a Session, and the options that every session
// starts with.
// Thread: any; the table is constant and made once per process, the options once per session.
#pragma once

#include <memory>

#include <nghttp2/nghttp2.h>

#include "api/http/codec_options.h"
#include "proxy/http2/reset_code.h"

namespace outrigger::http2 {

const nghttp2_session_callbacks* session_callbacks();

struct OptionDelete {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
using OptionPtr = std::unique_ptr<nghttp2_option, OptionDelete>;
OptionPtr session_options(Side side, const http::Http2Options& options);

// What read_data() is called through.
nghttp2_data_provider data_provider(class Stream& stream);

}  // namespace outrigger::http2
