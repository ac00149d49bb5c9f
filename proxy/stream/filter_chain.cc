#include "proxy/stream/filter_chain.h"

#include <algorithm>
#include <utility>

#include "proxy/stream/filter_slot.h"

namespace outrigger::stream {
namespace {

using Path = FilterSlot::Path;
using PathState = FilterSlot::PathState;

Verdict show_headers(Direction direction, FilterSlot& slot, http::HeaderMap& headers,
                     bool end_stream) {
  return direction == Direction::request
             ? slot.filter().on_request_headers(slot, headers, end_stream)
             : slot.filter().on_response_headers(slot, headers, end_stream);
}

Verdict show_body(Direction direction, FilterSlot& slot, Bytes body, bool end_stream) {
  return direction == Direction::request ? slot.filter().on_request_body(slot, body, end_stream)
                                         : slot.filter().on_response_body(slot, body, end_stream);
}

Verdict show_trailers(Direction direction, FilterSlot& slot, http::HeaderMap& trailers) {
  return direction == Direction::request ? slot.filter().on_request_trailers(slot, trailers)
                                         : slot.filter().on_response_trailers(slot, trailers);
}

LocalReply too_large(Direction direction) {
  if (direction == Direction::request) {
    return {413,
            "Payload Too Large",
            {{},
             "request_payload_too_large",
             "a filter holds the request's body and it is above the buffer limit"},
            -1};
  }
  return {500,
          "Internal Server Error",
          {{},
           "response_payload_too_large",
           "a filter holds the response's body and it is above the buffer limit"},
          -1};
}

}  // namespace

FilterChain::~FilterChain() {
  for (unsigned i = 0; i < count_; ++i) slots_[i]->~FilterSlot();
}

void FilterChain::reserve(unsigned count) {
  if (count != 0)
    slots_ = static_cast<FilterSlot**>(
        arena_.allocate(count * sizeof(FilterSlot*), alignof(FilterSlot*)));
}

void FilterChain::headers_from(Direction direction, unsigned at, http::HeaderMap& headers,
                               bool end_stream) {
  for (; at < count_; ++at) {
    FilterSlot& slot = this->slot(direction, at);
    Path& path = slot.path(direction);
    path.headers = &headers;
    path.headers_end = end_stream;
    Verdict verdict = show_headers(direction, slot, headers, end_stream);
    if (stopped(direction)) return;
    switch (verdict.kind()) {
      case Verdict::Kind::reply:
        owner_.local_reply(verdict.local_reply());
        return;
      case Verdict::Kind::wait:
        path.state = PathState::waiting;
        return;
      case Verdict::Kind::hold:
        if (!end_stream) {
          path.state = PathState::holding;
          return;
        }
        break;  // there is no body to hold
      case Verdict::Kind::next:
      case Verdict::Kind::forward:
        break;
    }
    path.headers_passed = true;
    if (end_stream && path.replacement) {
      add_body(direction, at, headers);
      return;
    }
  }
  if (direction == Direction::request) {
    owner_.forward_headers(headers, end_stream);
  } else {
    owner_.encode_headers(headers, end_stream);
  }
}

void FilterChain::add_body(Direction direction, unsigned at, http::HeaderMap& headers) {
  Bytes body = *std::exchange(slot(direction, at).path(direction).replacement, std::nullopt);
  headers_from(direction, at + 1, headers, false);
  if (!stopped(direction)) body_from(direction, at + 1, body, true);
}

void FilterChain::body_from(Direction direction, unsigned at, Bytes body, bool end_stream) {
  for (; at < count_; ++at) {
    FilterSlot& slot = this->slot(direction, at);
    Path& path = slot.path(direction);
    if (path.state == PathState::waiting) {
      path.body_end = end_stream;
      keep(direction, slot, body);
      return;
    }
    Verdict verdict = show_body(direction, slot, body, end_stream);
    if (stopped(direction)) return;
    switch (verdict.kind()) {
      case Verdict::Kind::reply:
        owner_.local_reply(verdict.local_reply());
        return;
      case Verdict::Kind::hold:
        if (!end_stream) {
          path.state = PathState::holding;
          if (path.replacement) body = *std::exchange(path.replacement, std::nullopt);
          keep(direction, slot, body);
          return;
        }
        [[fallthrough]];  // nothing more will come to decide by: it waits for a resume
      case Verdict::Kind::wait:
        if (path.state == PathState::holding && end_stream &&
            path.kept.size() + body.size() > owner_.buffer_limit()) {
          owner_.local_reply(too_large(direction));
          return;
        }
        path.state = PathState::waiting;
        path.body_end = path.end_seen = end_stream;
        if (keep(direction, slot, body)) path.seen = path.kept.size();
        return;
      case Verdict::Kind::next:
      case Verdict::Kind::forward:
        if (path.state == PathState::holding) {
          if (path.kept.size() + body.size() > owner_.buffer_limit()) {
            owner_.local_reply(too_large(direction));
            return;
          }
          release_held(direction, at, body, end_stream);
          return;
        }
        if (path.replacement) {
          body = *std::exchange(path.replacement, std::nullopt);
          if (body.empty() && !end_stream) return;
        }
        if (path.added_trailers != nullptr && end_stream) {
          http::HeaderMap& trailers = *std::exchange(path.added_trailers, nullptr);
          if (!body.empty()) body_from(direction, at + 1, body, false);
          if (!stopped(direction)) trailers_from(direction, at + 1, trailers);
          return;
        }
        break;
    }
  }
  if (direction == Direction::request) {
    owner_.forward_body(body, end_stream);
  } else {
    owner_.encode_body(body, end_stream);
  }
}

void FilterChain::release_held(Direction direction, unsigned at, Bytes last, bool end_stream) {
  Path& path = slot(direction, at).path(direction);
  path.state = PathState::open;
  std::string kept = std::exchange(path.kept, {});
  kept.append(last);
  if (path.replacement) kept.assign(*std::exchange(path.replacement, std::nullopt));
  if (!path.headers_passed) {
    path.headers_passed = true;
    headers_from(direction, at + 1, *path.headers, false);
  }
  if (!stopped(direction)) body_from(direction, at + 1, kept, end_stream);
}

void FilterChain::trailers_from(Direction direction, unsigned at, http::HeaderMap& trailers) {
  for (; at < count_; ++at) {
    FilterSlot& slot = this->slot(direction, at);
    Path& path = slot.path(direction);
    if (path.state == PathState::waiting) {
      path.trailers = &trailers;
      return;
    }
    Verdict verdict = show_trailers(direction, slot, trailers);
    path.added_trailers = nullptr;  // they are these
    if (stopped(direction)) return;
    if (verdict.kind() == Verdict::Kind::reply) {
      owner_.local_reply(verdict.local_reply());
      return;
    }
    if (verdict.kind() == Verdict::Kind::wait || verdict.kind() == Verdict::Kind::hold) {
      path.state = PathState::waiting;
      path.trailers = &trailers;
      path.trailers_seen = true;
      path.seen = path.kept.size();
      return;
    }
    if (path.state == PathState::holding) {
      release_held(direction, at, {}, false);
      if (stopped(direction)) return;
    } else if (path.replacement) {
      Bytes octets = *std::exchange(path.replacement, std::nullopt);
      if (!octets.empty()) body_from(direction, at + 1, octets, false);
      if (stopped(direction)) return;
    }
  }
  if (direction == Direction::request) {
    owner_.forward_trailers(trailers);
  } else {
    owner_.encode_trailers(trailers);
  }
}

void FilterChain::resume(Direction direction, unsigned index) {
  unsigned at = place(direction, index);
  Path& path = slot(direction, at).path(direction);
  if (path.state != PathState::waiting || stopped(direction)) return;
  path.state = PathState::open;
  std::string kept = std::exchange(path.kept, {});
  size_t seen = std::exchange(path.seen, 0);
  bool body_end = path.body_end;
  http::HeaderMap* trailers = std::exchange(path.trailers, nullptr);
  if (std::exchange(path.above_limit, false)) {
    direction == Direction::request ? owner_.request_backlog(false)
                                    : owner_.response_backlog(false);
  }
  std::optional<Bytes> replacement = std::exchange(path.replacement, std::nullopt);
  bool body_added = replacement && path.headers_end;
  if (!path.headers_passed) {
    path.headers_passed = true;
    headers_from(direction, at + 1, *path.headers, path.headers_end && !body_added);
    if (stopped(direction)) return;
  }
  Bytes rest = Bytes(kept).substr(seen);
  Bytes shown = replacement.value_or(Bytes(kept).substr(0, seen));
  if (!shown.empty() || path.end_seen || body_added)
    body_from(direction, at + 1, shown, path.end_seen || body_added);
  if (stopped(direction)) return;
  if (!rest.empty() || (body_end && !path.end_seen)) body_from(direction, at, rest, body_end);
  if (stopped(direction) || trailers == nullptr) return;
  trailers_from(direction, path.trailers_seen ? at + 1 : at, *trailers);
}

void FilterChain::hold(Direction direction, unsigned index) {
  unsigned at = place(direction, index);
  Path& path = slot(direction, at).path(direction);
  if (path.state != PathState::waiting || stopped(direction)) return;
  path.state = PathState::holding;
  std::string kept = std::exchange(path.kept, {});
  http::HeaderMap* trailers = std::exchange(path.trailers, nullptr);
  if (std::exchange(path.above_limit, false)) {
    direction == Direction::request ? owner_.request_backlog(false)
                                    : owner_.response_backlog(false);
  }
  if (!kept.empty() || path.body_end) body_from(direction, at, kept, path.body_end);
  if (!stopped(direction) && trailers != nullptr) trailers_from(direction, at, *trailers);
}

void FilterChain::release(Direction direction, unsigned index, size_t bytes) {
  unsigned at = place(direction, index);
  Path& path = slot(direction, at).path(direction);
  if (path.state != PathState::waiting || stopped(direction)) return;
  std::string part = path.kept.substr(0, std::min(bytes, path.seen));
  path.kept.erase(0, part.size());
  path.seen -= part.size();
  if (!path.headers_passed) {
    path.headers_passed = true;
    headers_from(direction, at + 1, *path.headers, false);
    if (stopped(direction)) return;
  }
  if (!part.empty()) body_from(direction, at + 1, part, false);
}

bool FilterChain::keep(Direction direction, FilterSlot& slot, Bytes body) {
  Path& path = slot.path(direction);
  path.kept.append(body);
  if (path.kept.size() <= owner_.buffer_limit()) return true;
  if (path.state == PathState::holding) {
    owner_.local_reply(too_large(direction));
    return false;
  }
  if (!path.above_limit) {
    path.above_limit = true;
    direction == Direction::request ? owner_.request_backlog(true) : owner_.response_backlog(true);
  }
  return true;
}

void FilterChain::on_stream_end() {
  for (unsigned i = 0; i < count_; ++i) {
    slots_[i]->cancel_timers();
    slots_[i]->filter().on_stream_end(*slots_[i]);
  }
}

}  // namespace outrigger::stream
