// Resolver: asks DNS for the addresses of a name. Alarms: something to do later. DnsCluster talks
// to both of them, so that a test needs neither sockets nor time. Thread: main. Lifetime: the
// server's; a Query or an Alarm that is destroyed is cancelled and calls nobody.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/config/cluster.h"
#include "api/net/address.h"

namespace outrigger::dns {

using Family = config::DnsResolution::Family;

struct Record {
  net::Address address;  // port 0
  std::chrono::seconds ttl{0};
};

struct Answer {
  bool ok = false;              // false: no answer, or a failure of the server
  std::vector<Record> records;  // empty and ok: there is no such name, or it has no address
  std::string error;            // why there are no records
};

class Query {
 public:
  virtual ~Query() = default;
};

class Resolver {
 public:
  using Callback = std::function<void(Answer)>;
  virtual ~Resolver() = default;
  // `done` is called once, never from inside the call.
  virtual std::unique_ptr<Query> resolve(const std::string& name, Family family, Callback done) = 0;
};

class Alarm {
 public:
  virtual ~Alarm() = default;
};

class Alarms {
 public:
  virtual ~Alarms() = default;
  virtual std::unique_ptr<Alarm> after(std::chrono::milliseconds delay,
                                       std::function<void()> act) = 0;
};

}  // namespace outrigger::dns
