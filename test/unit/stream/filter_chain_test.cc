// Scripted filters on both ways: who sees what, what is kept meanwhile, and where it stops.
#include "proxy/stream/filter_chain.h"

#include <deque>
#include <memory>

#include <gtest/gtest.h>

#include "proxy/stream/filter_slot.h"
#include "proxy/stream/stream.h"
#include "test/unit/stream/messages.h"

namespace outrigger::stream::test {
namespace {

using Log = std::vector<std::string>;

// What both ends and all filters saw, in order: "a>headers", "a>body:xy", "out>end".
class Scripted final : public HttpFilter {
 public:
  Scripted(std::string name, Log& log) : name_(std::move(name)), log_(log) {}

  // The next verdicts; `next` when there are none left.
  std::deque<Verdict> says;
  // What it puts in the place of a request's body from its headers on; empty: nothing.
  std::string gives;

 private:
  Verdict on_request_headers(FilterContext& context, http::HeaderMap&, bool end) override {
    if (!gives.empty() && end) context.replace_request_body(gives);
    return answer(end ? ">headers." : ">headers");
  }
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end) override {
    if (!gives.empty()) context.replace_request_body(gives);
    return answer(">" + std::string(body) + (end ? "." : ""));
  }
  Verdict on_request_trailers(FilterContext&, http::HeaderMap&) override {
    return answer(">trailers");
  }
  Verdict on_response_headers(FilterContext&, http::HeaderMap&, bool end) override {
    return answer(end ? "<headers." : "<headers");
  }
  Verdict on_response_body(FilterContext&, std::string_view body, bool end) override {
    return answer("<" + std::string(body) + (end ? "." : ""));
  }
  Verdict on_response_trailers(FilterContext&, http::HeaderMap&) override {
    return answer("<trailers");
  }
  void on_stream_end(FilterContext&) override { log_.push_back(name_ + " over"); }

  Verdict answer(const std::string& what) {
    log_.push_back(name_ + what);
    if (says.empty()) return Verdict::next();
    Verdict verdict = says.front();
    says.pop_front();
    return verdict;
  }

  std::string name_;
  Log& log_;
};

class Chain : public ::testing::Test, protected ChainOwner {
 protected:
  Chain() : chain_(*this, arena_) {
    chain_.reserve(2);
    a_ = add("a");
    b_ = add("b");
  }

  static LocalReply denied() { return {403, "denied", {}}; }

  Log log_;
  uint64_t limit_ = 10;
  bool abandoned_ = false;
  ChunkPool pool_;
  Arena arena_{pool_};
  FilterChain chain_;
  Scripted* a_ = nullptr;
  Scripted* b_ = nullptr;
  Head head_{{":method", "GET"}, {":path", "/"}};
  Head trailers_{{"x-sum", "1"}};

 private:
  Scripted* add(const std::string& name) {
    auto filter = make_in_arena<Scripted>(arena_, name, log_);
    Scripted* made = filter.get();
    chain_.add(*arena_.make<FilterSlot>(no_stream(), chain_.size(), entry_, entry_.factory,
                                        std::move(filter)));
    return made;
  }
  // Slots only keep a reference to their stream for what filters ask of it; scripted ones ask for
  // nothing.
  Stream& no_stream() { return reinterpret_cast<Stream&>(stream_place_); }

  static std::string text(Bytes body, bool end) { return std::string(body) + (end ? "." : ""); }
  void forward_headers(http::HeaderMap&, bool end) override {
    log_.push_back(end ? "upstream:headers." : "upstream:headers");
  }
  void forward_body(Bytes body, bool end) override {
    log_.push_back("upstream:" + text(body, end));
  }
  void forward_trailers(http::HeaderMap&) override { log_.push_back("upstream:trailers"); }
  void encode_headers(http::HeaderMap&, bool end) override {
    log_.push_back(end ? "client:headers." : "client:headers");
  }
  void encode_body(Bytes body, bool end) override { log_.push_back("client:" + text(body, end)); }
  void encode_trailers(http::HeaderMap&) override { log_.push_back("client:trailers"); }
  void local_reply(const LocalReply& reply) override {
    log_.push_back("reply " + std::to_string(reply.code) + " " +
                   std::string(reply.outcome.details));
    abandoned_ = true;
  }
  void filter_reset(const Outcome&) override { log_.push_back("reset"); }
  void request_backlog(bool above) override { log_.push_back(above ? "stop" : "go on"); }
  void response_backlog(bool above) override { log_.push_back(above ? "<stop" : "<go on"); }
  uint64_t buffer_limit() const override { return limit_; }
  bool request_abandoned() const override { return abandoned_; }
  bool ended() const override { return false; }

  config::HttpFilterEntry entry_;
  alignas(Stream) std::byte stream_place_[sizeof(Stream)];
};

TEST_F(Chain, ARequestPassesTheFiltersInTheirOrder) {
  chain_.request_headers(*head_, false);
  chain_.request_body("xy", false);
  chain_.request_trailers(*trailers_);
  EXPECT_EQ(log_, (Log{"a>headers", "b>headers", "upstream:headers", "a>xy", "b>xy", "upstream:xy",
                       "a>trailers", "b>trailers", "upstream:trailers"}));
}

TEST_F(Chain, AResponsePassesThemBackwards) {
  chain_.response_headers(*head_, false);
  chain_.response_body("xy", true);
  EXPECT_EQ(log_,
            (Log{"b<headers", "a<headers", "client:headers", "b<xy.", "a<xy.", "client:xy."}));
}

TEST_F(Chain, WhatComesWhileAFilterWaitsIsShownToItAfterwards) {
  a_->says = {Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.request_body("xy", false);
  chain_.request_body("z", true);
  EXPECT_EQ(log_, (Log{"a>headers"}));
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"b>headers", "upstream:headers", "a>xyz.", "b>xyz.", "upstream:xyz."}));
}

TEST_F(Chain, ARequestWithoutBodyWaitsAndGoesOn) {
  b_->says = {Verdict::wait()};
  chain_.request_headers(*head_, true);
  chain_.resume(Direction::request, 1);
  EXPECT_EQ(log_, (Log{"a>headers.", "b>headers.", "upstream:headers."}));
}

TEST_F(Chain, TrailersWaitBehindTheRest) {
  a_->says = {Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.request_body("x", false);
  chain_.request_trailers(*trailers_);
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"b>headers", "upstream:headers", "a>x", "b>x", "upstream:x", "a>trailers",
                       "b>trailers", "upstream:trailers"}));
}

TEST_F(Chain, AFilterMayWaitAgainAndAgain) {
  a_->says = {Verdict::wait(), Verdict::wait(), Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.request_body("x", false);
  chain_.request_trailers(*trailers_);
  chain_.resume(Direction::request, 0);  // it sees the body, and waits
  chain_.resume(Direction::request, 0);  // the trailers
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"b>trailers", "upstream:trailers"}));
}

TEST_F(Chain, APieceThatAFilterWaitedOnIsNotShownToItTwice) {
  a_->says = {Verdict::next(), Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.request_body("seen", false);
  chain_.request_body("new", true);
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"b>seen", "upstream:seen", "a>new.", "b>new.", "upstream:new."}));
}

TEST_F(Chain, AResumeThatNobodyWaitsForDoesNothing) {
  chain_.request_headers(*head_, false);
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, Log{});
}

TEST_F(Chain, WhatIsHeldGoesOnTogether) {
  a_->says = {Verdict::hold(), Verdict::hold(), Verdict::hold(), Verdict::next()};
  chain_.request_headers(*head_, false);
  chain_.request_body("ab", false);
  chain_.request_body("cd", false);
  EXPECT_EQ(log_, (Log{"a>headers", "a>ab", "a>cd"}));
  log_.clear();
  chain_.request_body("ef", true);
  EXPECT_EQ(log_, (Log{"a>ef.", "b>headers", "upstream:headers", "b>abcdef.", "upstream:abcdef."}));
}

TEST_F(Chain, HoldOfAMessageWithoutBodyHoldsNothing) {
  a_->says = {Verdict::hold()};
  chain_.request_headers(*head_, true);
  EXPECT_EQ(log_, (Log{"a>headers.", "b>headers.", "upstream:headers."}));
}

TEST_F(Chain, TrailersEndWhatIsHeld) {
  a_->says = {Verdict::hold(), Verdict::hold(), Verdict::next()};
  chain_.response_headers(*head_, false);  // the second filter on this way
  chain_.response_body("ab", false);
  EXPECT_EQ(log_, (Log{"b<headers", "a<headers", "b<ab", "a<ab"}));
  log_.clear();
  chain_.response_trailers(*trailers_);
  EXPECT_EQ(log_,
            (Log{"b<trailers", "a<trailers", "client:headers", "client:ab", "client:trailers"}));
}

TEST_F(Chain, AReplyEndsTheRequestHere) {
  a_->says = {Verdict::reply(denied())};
  chain_.request_headers(*head_, false);
  EXPECT_EQ(log_, (Log{"a>headers", "reply 403 "}));
}

TEST_F(Chain, AReplyOnTheBodyKeepsItFromTheOthers) {
  b_->says = {Verdict::next(), Verdict::reply(denied())};
  chain_.request_headers(*head_, false);
  log_.clear();
  chain_.request_body("x", true);
  EXPECT_EQ(log_, (Log{"a>x.", "b>x.", "reply 403 "}));
}

TEST_F(Chain, AfterAReplyAResumeIsTooLate) {
  a_->says = {Verdict::wait()};
  chain_.request_headers(*head_, true);
  abandoned_ = true;
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, Log{});
}

TEST_F(Chain, AnAbandonedRequestDoesNotStopItsResponse) {
  abandoned_ = true;
  chain_.response_headers(*head_, true);
  EXPECT_EQ(log_, (Log{"b<headers.", "a<headers.", "client:headers."}));
}

TEST_F(Chain, AHeldRequestAboveTheLimitIs413) {
  a_->says = {Verdict::hold(), Verdict::hold(), Verdict::hold()};
  chain_.request_headers(*head_, false);
  chain_.request_body("0123456789", false);
  EXPECT_EQ(log_.back(), "a>0123456789") << "the limit itself is allowed";
  chain_.request_body("!", false);
  EXPECT_EQ(log_.back(), "reply 413 request_payload_too_large");
}

TEST_F(Chain, TheLastPieceOfAHeldRequestCountsToo) {
  a_->says = {Verdict::hold(), Verdict::hold(), Verdict::next()};
  chain_.request_headers(*head_, false);
  chain_.request_body("0123456789", false);
  chain_.request_body("!", true);
  EXPECT_EQ(log_.back(), "reply 413 request_payload_too_large");
}

TEST_F(Chain, AHeldResponseAboveTheLimitIs500) {
  a_->says = {Verdict::hold(), Verdict::hold()};
  chain_.response_headers(*head_, false);
  chain_.response_body("0123456789!", false);
  EXPECT_EQ(log_.back(), "reply 500 response_payload_too_large");
}

TEST_F(Chain, BehindAFilterThatWaitsTheSenderIsStoppedNotRefused) {
  a_->says = {Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.request_body("0123456789", false);
  EXPECT_EQ(log_, (Log{"a>headers"}));
  chain_.request_body("!", false);
  chain_.request_body("!", false);
  EXPECT_EQ(log_, (Log{"a>headers", "stop"}));
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"go on", "b>headers", "upstream:headers", "a>0123456789!!", "b>0123456789!!",
                       "upstream:0123456789!!"}));
}

TEST_F(Chain, AResponseThatWaitsStopsTheUpstream) {
  b_->says = {Verdict::next(), Verdict::wait()};
  chain_.response_headers(*head_, false);
  log_.clear();
  chain_.response_body("0123456789!", false);
  EXPECT_EQ(log_, (Log{"b<0123456789!", "<stop"}));
  chain_.resume(Direction::response, 1);
  EXPECT_EQ(log_, (Log{"b<0123456789!", "<stop", "<go on", "a<0123456789!", "client:0123456789!"}));
}

TEST_F(Chain, ReleaseGivesAPieceInParts) {
  b_->says = {Verdict::next(), Verdict::wait()};
  chain_.response_headers(*head_, false);
  chain_.response_body("abcdef", true);
  log_.clear();
  chain_.release(Direction::response, 1, 2);
  chain_.release(Direction::response, 1, 3);
  EXPECT_EQ(log_, (Log{"a<ab", "client:ab", "a<cde", "client:cde"}));
  log_.clear();
  chain_.resume(Direction::response, 1);
  EXPECT_EQ(log_, (Log{"a<f.", "client:f."}));
}

TEST_F(Chain, ReleaseGivesNoMoreThanTheFilterHasSeen) {
  b_->says = {Verdict::next(), Verdict::wait()};
  chain_.response_headers(*head_, false);
  chain_.response_body("ab", false);
  chain_.response_body("unseen", false);
  log_.clear();
  chain_.release(Direction::response, 1, 100);
  EXPECT_EQ(log_, (Log{"a<ab", "client:ab"}));
}

TEST_F(Chain, AMessageWithoutBodyMayBeGivenOne) {
  a_->gives = "new";
  chain_.request_headers(*head_, true);
  EXPECT_EQ(log_, (Log{"a>headers.", "b>headers", "upstream:headers", "b>new.", "upstream:new."}));
}

TEST_F(Chain, ABodyThatWasGivenWaitsWithItsMessage) {
  a_->gives = "new";
  a_->says = {Verdict::wait()};
  chain_.request_headers(*head_, true);
  EXPECT_EQ(log_, Log{"a>headers."});
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"b>headers", "upstream:headers", "b>new.", "upstream:new."}));
}

TEST_F(Chain, WhatTakesThePlaceOfAPieceWaitsWithIt) {
  a_->gives = "new";
  a_->says = {Verdict::next(), Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.request_body("ab", true);
  log_.clear();
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"b>new.", "upstream:new."}));
}

TEST_F(Chain, AFilterThatWaitedMayHoldTheBodyNext) {
  a_->says = {Verdict::wait(), Verdict::hold(), Verdict::next()};
  chain_.request_headers(*head_, false);
  chain_.request_body("ab", false);
  log_.clear();
  chain_.hold(Direction::request, 0);
  EXPECT_EQ(log_, Log{"a>ab"});
  log_.clear();
  chain_.request_body("cd", true);
  EXPECT_EQ(log_, (Log{"a>cd.", "b>headers", "upstream:headers", "b>abcd.", "upstream:abcd."}));
}

TEST_F(Chain, WhatIsHereAlreadyIsHeldAtOnce) {
  a_->says = {Verdict::wait(), Verdict::hold(), Verdict::next()};
  chain_.request_headers(*head_, false);
  chain_.request_body("ab", false);
  chain_.request_trailers(*trailers_);
  log_.clear();
  chain_.hold(Direction::request, 0);
  EXPECT_EQ(log_, (Log{"a>ab", "a>trailers", "b>headers", "upstream:headers", "b>ab", "upstream:ab",
                       "b>trailers", "upstream:trailers"}));
}

TEST_F(Chain, AWholeBodyAboveTheLimitDoesNotWait) {
  a_->says = {Verdict::hold(), Verdict::hold(), Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.request_body("0123456789", false);
  chain_.request_body("!", true);
  EXPECT_EQ(log_.back(), "reply 413 request_payload_too_large");
}

TEST_F(Chain, TheTwoWaysWaitIndependently) {
  a_->says = {Verdict::wait()};
  chain_.request_headers(*head_, false);
  chain_.response_headers(*head_, true);
  EXPECT_EQ(log_.back(), "client:headers.");
  chain_.resume(Direction::response, 0);
  EXPECT_EQ(log_.back(), "client:headers.") << "the request still waits";
  chain_.resume(Direction::request, 0);
  EXPECT_EQ(log_.back(), "upstream:headers");
}

TEST_F(Chain, EveryFilterHearsOfTheEnd) {
  chain_.on_stream_end();
  EXPECT_EQ(log_, (Log{"a over", "b over"}));
}

}  // namespace
}  // namespace outrigger::stream::test
