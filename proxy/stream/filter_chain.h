// FilterChain: runs one stream's filters over the request and, in reverse, over the response; keeps
// what arrives while a filter waits. Thread: the stream's worker. Lifetime: the stream's; filters
// live in its arena.
//
// A filter's path (request or response) is in one of these states:
//   open --wait--> waiting --resume--> open        what arrives meanwhile is kept and shown to the
//   filter after resume open --hold--> holding --next---> open         the filter sees the body;
//   what it holds goes on together when it says next
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/config/http_connection_manager.h"
#include "api/filter/http_filter.h"

namespace outrigger::stream {

class FilterSlot;

// What the chain asks of its stream.
class ChainOwner {
 public:
  // The request, past all filters.
  virtual void forward_headers(http::HeaderMap& headers, bool end_stream) = 0;
  virtual void forward_body(Bytes body, bool end_stream) = 0;
  virtual void forward_trailers(http::HeaderMap& trailers) = 0;
  // The response, past all filters.
  virtual void encode_headers(http::HeaderMap& headers, bool end_stream) = 0;
  virtual void encode_body(Bytes body, bool end_stream) = 0;
  virtual void encode_trailers(http::HeaderMap& trailers) = 0;

  virtual void local_reply(const LocalReply& reply) = 0;
  virtual void filter_reset(const Outcome& outcome) = 0;
  // The chain keeps more than the limit of a body for a waiting filter / does not any more.
  virtual void request_backlog(bool above_limit) = 0;
  virtual void response_backlog(bool above_limit) = 0;
  virtual uint64_t buffer_limit() const = 0;
  // True once the stream is over or a local reply took the request's place: the chain stops.
  virtual bool request_abandoned() const = 0;
  virtual bool ended() const = 0;

 protected:
  ~ChainOwner() = default;
};

// One message on its way through the filters.
enum class Direction : uint8_t {
  request,
  response
};

class FilterChain {
 public:
  FilterChain(ChainOwner& owner, Arena& arena) : owner_(owner), arena_(arena) {}
  FilterChain(const FilterChain&) = delete;
  FilterChain& operator=(const FilterChain&) = delete;
  ~FilterChain();

  // Room for `count` filters, then add() in the order of the configuration.
  void reserve(unsigned count);
  void add(FilterSlot& slot) { slots_[count_++] = &slot; }
  unsigned size() const { return count_; }

  void request_headers(http::HeaderMap& headers, bool end_stream) {
    headers_from(Direction::request, 0, headers, end_stream);
  }
  void request_body(Bytes body, bool end_stream) {
    body_from(Direction::request, 0, body, end_stream);
  }
  void request_trailers(http::HeaderMap& trailers) {
    trailers_from(Direction::request, 0, trailers);
  }
  void response_headers(http::HeaderMap& headers, bool end_stream) {
    headers_from(Direction::response, 0, headers, end_stream);
  }
  void response_body(Bytes body, bool end_stream) {
    body_from(Direction::response, 0, body, end_stream);
  }
  void response_trailers(http::HeaderMap& trailers) {
    trailers_from(Direction::response, 0, trailers);
  }
  void on_stream_end();
  void resume(Direction direction, unsigned index);
  // Ends a wait that began with the headers: the filter holds the body instead.
  void hold(Direction direction, unsigned index);
  // Of what a waiting filter was shown, the first `bytes` go on; it goes on waiting.
  void release(Direction direction, unsigned index, size_t bytes);

 private:
  // Filters count in the order in which the direction's message meets them.
  unsigned place(Direction direction, unsigned index) const {
    return direction == Direction::request ? index : count_ - 1 - index;
  }
  FilterSlot& slot(Direction direction, unsigned at) const { return *slots_[place(direction, at)]; }
  void headers_from(Direction direction, unsigned at, http::HeaderMap& headers, bool end_stream);
  void body_from(Direction direction, unsigned at, Bytes body, bool end_stream);
  void trailers_from(Direction direction, unsigned at, http::HeaderMap& trailers);
  // The message is its headers alone, and the filter gave it a body.
  void add_body(Direction direction, unsigned at, http::HeaderMap& headers);
  // Ends `holding` at this filter: what it kept goes on to the next one, `last` behind it.
  void release_held(Direction direction, unsigned at, Bytes last, bool end_stream);
  // False: above the limit of a body that is held, the message was answered.
  bool keep(Direction direction, FilterSlot& slot, Bytes body);
  bool stopped(Direction direction) const {
    return owner_.ended() || (direction == Direction::request && owner_.request_abandoned());
  }

  ChainOwner& owner_;
  Arena& arena_;
  FilterSlot** slots_ = nullptr;
  unsigned count_ = 0;
};

}  // namespace outrigger::stream
