// CaresResolver: DNS through c-ares, whose sockets the main thread's io_context watches. Thread:
// main. Lifetime: the server's; the io_context outlives it. One channel serves all names that are
// asked in the same way.
#pragma once

#include <memory>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "boost/asio/io_context.hpp"

#include "api/config/cluster.h"
#include "api/stats_dns.h"
#include "proxy/dns/resolver.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace outrigger::dns {

class CaresResolver final : public Resolver {
 public:
  static absl::StatusOr<std::unique_ptr<CaresResolver>> create(boost::asio::io_context& io,
                                                               const config::DnsResolver& config,
                                                               DnsStats& stats);
  ~CaresResolver() override;

  std::unique_ptr<Query> resolve(const std::string& name, Family family, Callback done) override;

 private:
  class Socket;
  class Lookup;
  struct Handle;

  CaresResolver(boost::asio::io_context& io, const config::DnsResolver& config, DnsStats& stats);
  absl::Status open();
  absl::Status set_servers();
  bool has_family(int family) const;
  void on_socket(int fd, bool readable, bool writable);
  void process(int read_fd, int write_fd);
  void arm_timeout();

  boost::asio::io_context& io_;
  config::DnsResolver config_;
  DnsStats& stats_;
  ares_channeldata* channel_ = nullptr;
  std::unordered_map<int, std::shared_ptr<Socket>> sockets_;
  std::unique_ptr<Alarms> alarms_;
  std::unique_ptr<Alarm> timeout_;
};

}  // namespace outrigger::dns
