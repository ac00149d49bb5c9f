// InitSet: what something waits for before it may be used: a listener for its routes and secrets,
// the server for its clusters. Thread: main. Lifetime: shared by who waits and what is waited for;
// whichever goes first.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace outrigger::xds {

class InitSet;

// One thing that is waited for. Gone without ready(): nobody waits for it any more.
class InitTarget {
 public:
  InitTarget(std::weak_ptr<InitSet> set, std::string name)
      : set_(std::move(set)), name_(std::move(name)) {}
  ~InitTarget() { ready(); }
  InitTarget(const InitTarget&) = delete;
  InitTarget& operator=(const InitTarget&) = delete;

  const std::string& name() const { return name_; }
  // It is there, or is not coming; the second call does nothing.
  void ready();

 private:
  std::weak_ptr<InitSet> set_;
  std::string name_;
};

class InitSet : public std::enable_shared_from_this<InitSet> {
 public:
  // `name` as /init_dump shows it: "init manager Listener x".
  explicit InitSet(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  // "RdsRouteConfigSubscription init <route>" and the like.
  std::shared_ptr<InitTarget> add(std::string name);
  // `ready` is called once, as soon as nothing is waited for: now, or from inside the last
  // target's ready(). Targets may be added until then. Replaces who waited before.
  void when_ready(std::function<void()> ready);
  bool is_ready() const { return waiting_.empty(); }
  // What is still waited for, in the order of asking.
  std::vector<std::string> unready() const;

 private:
  friend class InitTarget;
  void on_target(const InitTarget* target);

  std::string name_;
  std::vector<const InitTarget*> waiting_;
  std::function<void()> ready_;
};

}  // namespace outrigger::xds
