// Shared: a value that many objects of the configuration have alike, kept once; by default the
// default value. SharedValues: finds the equal one that is there already. Thread: values are
// immutable and may be read by any; edit() and SharedValues: main. Lifetime: the last holder's.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace outrigger::config {

template <class T>
class Shared {
 public:
  Shared() : value_(standard()) {}
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: it is one

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  // A copy of its own, to be changed before anybody else sees it.
  T& edit() {
    auto own = std::make_shared<T>(*value_);
    T& out = *own;
    value_ = std::move(own);
    return out;
  }
  bool is_same(const Shared& other) const { return value_ == other.value_; }

 private:
  template <class>
  friend class SharedValues;
  static const std::shared_ptr<const T>& standard() {
    static const std::shared_ptr<const T> kStandard = std::make_shared<const T>();
    return kStandard;
  }

  std::shared_ptr<const T> value_;
};

template <class T>
class SharedValues {
 public:
  // `value` becomes the equal one that somebody holds, or the one for those that come later.
  void share(Shared<T>& value) {
    if (*value == *Shared<T>::standard()) {
      value.value_ = Shared<T>::standard();
      return;
    }
    std::erase_if(seen_, [](const std::weak_ptr<const T>& seen) { return seen.expired(); });
    for (const std::weak_ptr<const T>& seen : seen_) {
      std::shared_ptr<const T> held = seen.lock();
      if (held == nullptr || !(*held == *value)) continue;
      value.value_ = std::move(held);
      return;
    }
    if (seen_.size() < kMost) seen_.push_back(value.value_);
  }

 private:
  static constexpr size_t kMost = 64;  // looked through one by one: configurations know a few forms

  std::vector<std::weak_ptr<const T>> seen_;
};

}  // namespace outrigger::config
