// A page of the administration interface: what is asked, what is answered, and one entry of the
// table of pages. Thread: main. A handler must not take long: what may be large is answered piece
// by piece (Response::rest).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/admin/query.h"

namespace outrigger::admin {

class ServerView;

inline constexpr std::string_view kText = "text/plain; charset=UTF-8";
inline constexpr std::string_view kHtml = "text/html; charset=UTF-8";
inline constexpr std::string_view kJson = "application/json";

struct Request {
  std::string method;
  std::string path;                 // without the query
  Params params;                    // of the query; after them those of a form body
  std::string path_and_query = {};  // as sent; empty: `path`
};

// Appends the next piece of a body (some tens of KiB) to `out`; false: that was the last one. May
// be called after other events of the main thread, so it holds what it needs by shared_ptr.
using BodySource = std::function<bool(std::string& out)>;

struct Response {
  int status = 200;
  std::string_view content_type = kText;
  std::string body;
  BodySource rest;              // what follows `body`, if anything
  std::function<void()> after;  // called when the answer has left, or could not

  static Response text(int status, std::string body) {
    return {status, kText, std::move(body), {}, {}};
  }
  static Response json(std::string body) { return {200, kJson, std::move(body), {}, {}}; }
  static Response ok() { return text(200, "OK\n"); }
};

struct PageParam {
  enum class Kind : unsigned char {
    flag,  // its presence is what counts
    text,
    choice,  // one of `choices`, separated by commas
  };
  Kind kind;
  std::string_view name;
  std::string_view help;
  std::string_view choices = {};
};

using Handler = Response (*)(const Request& request, ServerView& view);

struct Page {
  std::string_view path;
  bool mutates;  // POST only
  Handler handler;
  std::string_view help;
  std::span<const PageParam> params = {};
};

}  // namespace outrigger::admin
