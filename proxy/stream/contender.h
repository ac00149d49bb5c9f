// Contender: an attempt that is late and goes on beside the one that was begun after it
// (hedge_on_per_try_timeout). Whichever answers well first is the request's. Thread: the stream's
// worker. Lifetime: in the stream's arena, its Router's.
#pragma once

#include <utility>

#include "proxy/stream/upstream_request.h"
#include "proxy/upstream/host.h"

namespace outrigger::stream {

class Contender;

class ContenderOwner : public UpstreamOwner {
 public:
  virtual void on_contender_headers(Contender& contender, http::HeaderMap& headers,
                                    bool end_stream) = 0;
  virtual void on_contender_failure(Contender& contender, const UpstreamFailure& failure) = 0;

 protected:
  ~ContenderOwner() = default;
};

class Contender final : private UpstreamOwner {
 public:
  Contender(ContenderOwner& owner, ArenaPtr<UpstreamRequest> request, upstream::HostRef host)
      : owner_(owner), request_(std::move(request)), host_(std::move(host)) {
    request_->set_owner(*this);
  }
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  // False: it failed, was given up or taken.
  bool alive() const { return alive_; }
  const upstream::HostRef& host() const { return host_; }
  void give_up() {
    if (!std::exchange(alive_, false)) return;
    request_->give_up(http::ResetReason::local_reset);
  }
  // The request is the caller's from now on.
  ArenaPtr<UpstreamRequest> take() {
    alive_ = false;
    request_->set_owner(owner_);
    return std::move(request_);
  }

 private:
  Arena& arena() override { return owner_.arena(); }
  http::WireBytes* wire_bytes() override { return owner_.wire_bytes(); }
  void on_upstream_informational(http::HeaderMap&) override {}
  void on_upstream_headers(http::HeaderMap& headers, bool end_stream) override {
    if (alive_) owner_.on_contender_headers(*this, headers, end_stream);
  }
  void on_upstream_body(Bytes, bool) override {}
  void on_upstream_trailers(http::HeaderMap&) override {}
  void on_upstream_failure(const UpstreamFailure& failure) override {
    if (std::exchange(alive_, false)) owner_.on_contender_failure(*this, failure);
  }
  // The request is complete: nobody waits for it to be taken.
  void on_upstream_blocked(bool) override {}
  void on_upstream_connected(upstream::ClientConnection&, upstream::Host&) override {}
  void on_upstream_request_sent() override {}

  ContenderOwner& owner_;
  ArenaPtr<UpstreamRequest> request_;
  upstream::HostRef host_;
  bool alive_ = true;
};

}  // namespace outrigger::stream
