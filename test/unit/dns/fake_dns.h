// FakeResolver and FakeAlarms: questions stay open until the test answers them, and time passes
// when the test says so. Of several alike the oldest comes first: what happens is never up to where
// the heap put them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/stream_info.h"
#include "proxy/dns/resolver.h"

namespace outrigger::dns {

class FakeResolver final : public Resolver {
 public:
  std::unique_ptr<Query> resolve(const std::string& name, Family of, Callback done) override {
    asked.push_back(name);
    family = of;
    auto question = std::make_unique<Question>(*this, next_++);
    open_[question->number] = {name, std::move(done)};
    return question;
  }
  // To the oldest question for this name.
  void give(const std::string& name, const Answer& answer) {
    for (auto& [number, question] : open_) {
      if (question.first != name) continue;
      Callback done = std::move(question.second);
      done(answer);
      return;
    }
    FAIL() << "nobody asks for " << name;
  }
  size_t open() const { return open_.size(); }

  std::vector<std::string> asked;
  Family family = Family::auto_;  // of the last question

 private:
  struct Question final : Query {
    Question(FakeResolver& of, uint64_t n) : owner(of), number(n) {}
    ~Question() override { owner.open_.erase(number); }
    FakeResolver& owner;
    const uint64_t number;
  };
  std::map<uint64_t, std::pair<std::string, Callback>> open_;
  uint64_t next_ = 0;
};

class FakeAlarms final : public Alarms {
 public:
  using milliseconds = std::chrono::milliseconds;

  std::unique_ptr<Alarm> after(milliseconds delay, std::function<void()> act) override {
    auto alarm = std::make_unique<Set>(*this, next_++);
    set_[alarm->number] = {delay, now + delay, std::move(act)};
    return alarm;
  }
  // The delays of those that have not gone off, the shortest first.
  std::vector<milliseconds> delays() const {
    std::vector<milliseconds> out;
    for (const auto& [number, alarm] : set_) {
      if (alarm.act) out.push_back(alarm.delay);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // The oldest alarm with this delay goes off, and no other, whatever the time.
  void ring(milliseconds delay) {
    for (auto& [number, alarm] : set_) {
      if (!alarm.act || alarm.delay != delay) continue;
      std::exchange(alarm.act, nullptr)();
      return;
    }
    FAIL() << "no alarm after " << delay.count() << " ms";
  }
  // Those that are due go off in their order.
  void pass(milliseconds time) {
    MonotonicTime end = now + time;
    while (Due* next = first_until(end)) {
      now = next->when;
      std::exchange(next->act, nullptr)();
    }
    now = end;
  }

  MonotonicTime now{std::chrono::hours(1)};

 private:
  struct Due {
    milliseconds delay{0};
    MonotonicTime when;
    std::function<void()> act;
  };
  struct Set final : Alarm {
    Set(FakeAlarms& of, uint64_t n) : owner(of), number(n) {}
    ~Set() override { owner.set_.erase(number); }
    FakeAlarms& owner;
    const uint64_t number;
  };
  Due* first_until(MonotonicTime end) {
    Due* first = nullptr;
    for (auto& [number, alarm] : set_) {
      if (alarm.act && alarm.when <= end && (first == nullptr || alarm.when < first->when))
        first = &alarm;
    }
    return first;
  }
  std::map<uint64_t, Due> set_;
  uint64_t next_ = 0;
};

}  // namespace outrigger::dns
