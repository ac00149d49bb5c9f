#include "filters/http/lua/run.h"

#include <utility>

#include "fmt/format.h"

#include "filters/http/lua/filter.h"
#include "filters/http/lua/object.h"
#include "filters/http/lua/value.h"
#include "lua.hpp"

namespace outrigger::filters::lua {

Verdict Run::on_headers(FilterContext& context, http::HeaderMap& headers, bool end_stream,
                        const Script& script, const MetadataStruct* filter_context) {
  Vm* vm = script.on_worker(context.worker());
  context_ = &context;
  if (vm == nullptr) {
    script_error("the script could not be loaded on this worker");
    return Verdict::next();
  }
  if (!vm->has(entry_)) return Verdict::next();
  vm_ = vm;
  headers_ = &headers;
  end_seen_ = end_stream;
  filter_context_ = filter_context;
  factory_.stats(context.worker()).executions.inc();
  place_ = vm->open(*this);
  coroutine_ = vm->take(entry_);
  push_object(begin_turn(), *this, Kind::handle);
  resume(1);
  return verdict();
}

Verdict Run::on_body(std::string_view piece, bool end_stream) {
  if (vm_ == nullptr) return Verdict::next();
  end_seen_ = end_stream;
  body_seen_ = true;
  body_.show({}, piece);
  if (state_ == State::body_chunk) {
    push_object(begin_turn(), *this, Kind::body);
    resume(1);
  } else if (state_ == State::whole_body && end_stream) {
    body_.show(held(), piece);
    has_body_ = true;
    resume_with_body();
  } else if (state_ == State::trailers && end_stream) {
    begin_turn();
    resume(0);
  }
  Verdict said = verdict();
  body_.hide();
  return said;
}

Verdict Run::on_trailers(http::HeaderMap& trailers) {
  if (vm_ == nullptr) return Verdict::next();
  end_seen_ = true;
  trailers_ = &trailers;
  if (state_ == State::body_chunk) {
    begin_turn();
    resume(0);
  } else if (state_ == State::whole_body) {
    body_.show(held(), {});
    has_body_ = always_wrap_ || body_.size() != 0;
    resume_with_body();
  }
  if (state_ == State::trailers) {
    push_object(begin_turn(), *this, Kind::headers).part = Part::trailers;
    resume(1);
  }
  Verdict said = verdict();
  body_.hide();
  return said;
}

void Run::resume_with_body() {
  lua_State* state = begin_turn();
  if (has_body_) push_object(state, *this, Kind::body);
  resume(has_body_ ? 1 : 0);
}

std::string_view Run::held() const {
  return is_request() ? context_->request_buffer() : context_->response_buffer();
}

void Run::add_body() {
  has_body_ = true;
  // Where HTTP has no place for one, what the script puts there goes nowhere.
  if (!is_request()) {
    std::string_view status = headers_->get(http::HeaderId::status);
    bodiless_ = status == "204" || status == "304" ||
                context_->request_headers().get(http::HeaderId::method) == "HEAD";
  }
  body_.replace({});
}

void Run::wait_for_body(bool always_wrap) {
  always_wrap_ = always_wrap;
  body_held_ = true;
  state_ = State::whole_body;
}

void Run::respond(const LocalReply& reply) {
  reply_ = reply;
  state_ = State::responded;
}

void Run::call(http::AsyncRequest request, bool list_duplicates) {
  list_duplicates_ = list_duplicates;
  http_call_ = context_->http_client().start(std::move(request), *this);
  state_ = State::http_call;
}

lua_State* Run::begin_turn() {
  vm_->begin_turn(place_);
  return coroutine_.state;
}

void Run::resume(int arguments) {
  state_ = State::running;
  int result = vm_->resume(coroutine_, arguments);
  vm_->end_turn(place_);
  for (int& iteration : iterations_) iteration = kNotIterating;
  metadata_iterating_ = false;
  if (result == LUA_YIELD) {
    if (state_ == State::running) {
      script_error("script performed an unexpected yield");
    } else if (state_ == State::responded) {
      release_coroutine(false);
    }
    return;
  }
  if (result == 0) {
    state_ = State::finished;
    release_coroutine(true);
    return;
  }
  size_t size = 0;
  const char* text = lua_tolstring(coroutine_.state, -1, &size);
  std::string message = text == nullptr ? "unspecified lua error" : std::string(text, size);
  script_error(message);
}

void Run::script_error(std::string_view message) {
  factory_.stats(context_->worker()).errors.inc();
  context_->script_log(LogLevel::error, fmt::format("script log: {}", message));
  state_ = State::finished;
  release_coroutine(false);
}

void Run::release_coroutine(bool finished) {
  if (vm_ == nullptr) return;
  vm_->close(place_);
  vm_->give(coroutine_, finished);
  vm_ = nullptr;
}

void Run::stop() {
  http_call_.reset();
  release_coroutine(false);
}

// What the chain is to do now that the script returned or waits.
Verdict Run::verdict() {
  switch (state_) {
    case State::whole_body:
      return Verdict::hold();
    case State::http_call:
      return Verdict::wait();
    case State::responded:
      return Verdict::reply(reply_);
    default:
      pass_headers();
      return Verdict::next();
  }
}

void Run::pass_headers() {
  headers_passed_ = true;
  if (!body_.changed()) return;
  std::string_view octets = body_.take_replacement();
  if (bodiless_) return;
  is_request() ? context_->replace_request_body(octets) : context_->replace_response_body(octets);
}

void Run::on_async_response(http::AsyncResponse response) {
  http_call_.reset();
  if (vm_ == nullptr) return;
  push_response(begin_turn(), response, list_duplicates_);
  if (body_held_ && end_seen_ && has_body_) body_.show(held(), {});
  resume(2);
  go_on();
  body_.hide();
}

void Run::on_async_failure(http::AsyncFailure, std::string_view) {
  on_async_response({503, {}, "upstream failure"});
}

// Outside the chain's callbacks.
void Run::go_on() {
  switch (state_) {
    case State::http_call:
      return;
    case State::responded:
      context_->reply(reply_);
      return;
    case State::whole_body:
      is_request() ? context_->hold_request() : context_->hold_response();
      return;
    default:
      pass_headers();
      is_request() ? context_->resume_request() : context_->resume_response();
  }
}

}  // namespace outrigger::filters::lua
