// Run: a script's function at work on one message of a stream, as a coroutine. Thread: the stream's
// worker. Lifetime: its filter's; what it has of the script's state goes back when the function
// returned, failed, or the stream ended.
//
//   idle --headers--> running --waits for--> body_chunk, whole_body, trailers, http_call
//   each of these --what it waits for--> running        running --respond--> responded
//   running --returned, error--> finished
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/filter/http_filter.h"
#include "api/http/async_client.h"
#include "filters/http/lua/message_body.h"
#include "filters/http/lua/public_keys.h"
#include "filters/http/lua/script.h"
#include "filters/http/lua/vm.h"

namespace outrigger::filters::lua {

class LuaFactory;

class Run final : private http::AsyncHandler {
 public:
  enum class State : uint8_t {
    idle,
    running,
    body_chunk,
    whole_body,
    trailers,
    http_call,
    responded,
    finished
  };

  Run(const LuaFactory& factory, EntryPoint entry) : factory_(factory), entry_(entry) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() { stop(); }

  // What the filter is shown. `filter_context`: the route's; nullptr: none.
  Verdict on_headers(FilterContext& context, http::HeaderMap& headers, bool end_stream,
                     const Script& script, const MetadataStruct* filter_context);
  Verdict on_body(std::string_view piece, bool end_stream);
  Verdict on_trailers(http::HeaderMap& trailers);
  void stop();

  // For the functions of the API, which are called while it is running.
  FilterContext& context() const { return *context_; }
  const LuaFactory& factory() const { return factory_; }
  bool is_request() const { return entry_ == EntryPoint::on_request; }
  uint32_t place() const { return place_; }
  http::HeaderMap& headers() const { return *headers_; }
  http::HeaderMap* trailers() const { return trailers_; }
  const MetadataStruct* filter_context() const { return filter_context_; }
  MessageBody& body() { return body_; }
  PublicKeys& keys() { return keys_; }
  bool headers_passed() const { return headers_passed_; }
  bool end_seen() const { return end_seen_; }
  bool body_seen() const { return body_seen_; }
  bool body_held() const { return body_held_; }
  // The message is its headers alone: give it a body that the script may fill.
  void add_body();
  // Is there a body to look at, now that its end was seen?
  bool has_body() const { return has_body_; }
  // Only the coroutine that the Run started may wait: one of the script's own would give control to
  // the script.
  bool may_wait(lua_State* state) const { return state == coroutine_.state; }
  void wait_for(State state) { state_ = state; }
  void wait_for_body(bool always_wrap);
  void call(http::AsyncRequest request, bool list_duplicates);
  void respond(const LocalReply& reply);
  // How far the script is through a header map, by Part; -1: it does not go through it.
  int& iteration(unsigned part) { return iterations_[part]; }
  bool metadata_iterating() const { return metadata_iterating_; }
  void set_metadata_iterating(bool iterating) { metadata_iterating_ = iterating; }

 private:
  static constexpr unsigned kParts = 3;
  static constexpr int kNotIterating = -1;

  void on_async_response(http::AsyncResponse response) override;
  void on_async_failure(http::AsyncFailure failure, std::string_view detail) override;

  // What the script is given from here on is good until it is suspended.
  lua_State* begin_turn();
  // Goes on with the coroutine, on whose stack are `arguments` values.
  void resume(int arguments);
  void resume_with_body();
  void script_error(std::string_view message);
  void release_coroutine(bool finished);
  void go_on();
  Verdict verdict();
  void pass_headers();
  std::string_view held() const;

  const LuaFactory& factory_;
  EntryPoint entry_;
  State state_ = State::idle;
  bool end_seen_ = false;
  bool headers_passed_ = false;
  bool body_seen_ = false;
  bool body_held_ = false;  // body() was called: the chain holds all of it
  bool has_body_ = false;
  bool bodiless_ = false;
  bool always_wrap_ = false;
  bool list_duplicates_ = false;
  FilterContext* context_ = nullptr;
  http::HeaderMap* headers_ = nullptr;
  http::HeaderMap* trailers_ = nullptr;
  const MetadataStruct* filter_context_ = nullptr;
  Vm* vm_ = nullptr;  // nullptr: it has nothing of the script's state
  Coroutine coroutine_;
  uint32_t place_ = 0;
  int iterations_[kParts] = {kNotIterating, kNotIterating, kNotIterating};
  bool metadata_iterating_ = false;  // through the stream's dynamic metadata
  MessageBody body_;
  PublicKeys keys_;
  LocalReply reply_;
  std::unique_ptr<http::AsyncCall> http_call_;
};

}  // namespace outrigger::filters::lua
