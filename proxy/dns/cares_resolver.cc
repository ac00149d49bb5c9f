#include "proxy/dns/cares_resolver.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "boost/asio/posix/stream_descriptor.hpp"
#include "boost/asio/post.hpp"
#include "fmt/format.h"

#include "proxy/dns/asio_alarms.h"

namespace outrigger::dns {
namespace {

using boost::asio::posix::stream_descriptor;

void init_library() {
  static std::once_flag once;  // c-ares keeps its allocator in the process
  std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
}

// Which families are asked, one after the other until one has addresses.
struct Families {
  int first;
  int second;  // AF_UNSPEC: none
};
Families families_of(Family family) {
  switch (family) {
    case Family::auto_:
      return {AF_INET6, AF_INET};
    case Family::v4_preferred:
      return {AF_INET, AF_INET6};
    case Family::v4_only:
      return {AF_INET, AF_UNSPEC};
    case Family::v6_only:
      return {AF_INET6, AF_UNSPEC};
    case Family::all:
      break;
  }
  return {AF_UNSPEC, AF_UNSPEC};
}

}  // namespace

// A descriptor of c-ares, watched for what c-ares wants of it. c-ares closes it.
class CaresResolver::Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(CaresResolver& resolver, int fd) : resolver_(&resolver), descriptor_(resolver.io_, fd) {}

  void want(bool readable, bool writable) {
    readable_ = readable;
    writable_ = writable;
    if (readable_ && !reading_) wait(stream_descriptor::wait_read, reading_);
    if (writable_ && !writing_) wait(stream_descriptor::wait_write, writing_);
  }
  void forget() {
    resolver_ = nullptr;
    descriptor_.release();
  }

 private:
  void wait(stream_descriptor::wait_type what, bool& waiting) {
    waiting = true;
    descriptor_.async_wait(
        what, [self = shared_from_this(), what, &waiting](boost::system::error_code error) {
          waiting = false;
          if (error || self->resolver_ == nullptr) return;
          bool read = what == stream_descriptor::wait_read;
          int fd = self->descriptor_.native_handle();
          // c-ares may close the descriptor in there.
          self->resolver_->process(read ? fd : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : fd);
          if (self->resolver_ != nullptr) self->want(self->readable_, self->writable_);
        });
  }

  CaresResolver* resolver_;  // nullptr: the descriptor is closed
  stream_descriptor descriptor_;
  bool readable_ = false, writable_ = false;
  bool reading_ = false, writing_ = false;
};

// One name. c-ares calls it back whatever happens, so it lives until then, also when nobody waits.
class CaresResolver::Lookup : public std::enable_shared_from_this<Lookup> {
 public:
  Lookup(CaresResolver& resolver, std::string name, Families families, Callback done)
      : resolver_(&resolver),
        name_(std::move(name)),
        families_(families),
        done_(std::move(done)),
        stats_(resolver.stats_) {}

  void start() {
    stats_.resolve_total.inc();
    stats_.pending_resolutions.inc();
    ask(families_.first);
  }
  void cancel() { done_ = nullptr; }

 private:
  void ask(int family) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_flags = ARES_AI_NOSORT;  // in the server's order: it may balance by it
    auto* self = new std::shared_ptr<Lookup>(shared_from_this());
    ares_getaddrinfo(resolver_->channel_, name_.c_str(), nullptr, &hints, &Lookup::on_answer, self);
    resolver_->arm_timeout();
  }

  static void on_answer(void* context, int status, int timeouts, ares_addrinfo* info) {
    std::unique_ptr<std::shared_ptr<Lookup>> self(static_cast<std::shared_ptr<Lookup>*>(context));
    (*self)->take(status, timeouts, info);
    if (info != nullptr) ares_freeaddrinfo(info);
  }

  void take(int status, int timeouts, const ares_addrinfo* info) {
    stats_.timeouts.add(static_cast<uint64_t>(std::max(timeouts, 0)));
    if (status == ARES_EDESTRUCTION || done_ == nullptr) return finish({});
    Answer answer = read(status, info);
    if (answer.records.empty() && families_.second != AF_UNSPEC) {
      // Not from inside c-ares' call.
      int second = std::exchange(families_.second, AF_UNSPEC);
      boost::asio::post(resolver_->io_, [self = shared_from_this(), second] {
        if (self->done_ != nullptr)
          self->ask(second);
        else
          self->finish({});
      });
      return;
    }
    finish(std::move(answer));
  }

  Answer read(int status, const ares_addrinfo* info) {
    Answer answer;
    // A name that does not exist, or has no address, is an answer too.
    answer.ok = status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA) stats_.not_found.inc();
    if (!answer.ok) stats_.get_addr_failure.inc();
    for (const ares_addrinfo_node* node = info == nullptr ? nullptr : info->nodes; node != nullptr;
         node = node->ai_next) {
      net::Address address =
          net::Address::from_sockaddr(node->ai_addr, static_cast<socklen_t>(node->ai_addrlen));
      if (resolver_->config_.filter_unroutable_families && !resolver_->has_family(node->ai_family))
        continue;
      answer.records.push_back({address.with_port(0), std::chrono::seconds(node->ai_ttl)});
    }
    if (answer.records.empty())
      answer.error = ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status);
    return answer;
  }

  void finish(Answer answer) {
    stats_.pending_resolutions.dec();
    if (done_ == nullptr) return;
    boost::asio::post(resolver_->io_,
                      [self = shared_from_this(), answer = std::move(answer)]() mutable {
                        Callback done = std::exchange(self->done_, nullptr);
                        if (done != nullptr) done(std::move(answer));
                      });
  }

  CaresResolver* resolver_;
  std::string name_;
  Families families_;
  Callback done_;  // nullptr: nobody waits any more
  DnsStats& stats_;
};

struct CaresResolver::Handle final : Query {
  explicit Handle(std::shared_ptr<Lookup> of) : lookup(std::move(of)) {}
  ~Handle() override { lookup->cancel(); }
  std::shared_ptr<Lookup> lookup;
};

CaresResolver::CaresResolver(boost::asio::io_context& io, const config::DnsResolver& config,
                             DnsStats& stats)
    : io_(io), config_(config), stats_(stats), alarms_(std::make_unique<AsioAlarms>(io)) {}

CaresResolver::~CaresResolver() {
  if (channel_ != nullptr) ares_destroy(channel_);
  for (auto& [fd, socket] : sockets_) socket->forget();
}

absl::StatusOr<std::unique_ptr<CaresResolver>> CaresResolver::create(
    boost::asio::io_context& io, const config::DnsResolver& config, DnsStats& stats) {
  init_library();
  std::unique_ptr<CaresResolver> resolver(new CaresResolver(io, config, stats));
  if (absl::Status status = resolver->open(); !status.ok()) return status;
  return resolver;
}

absl::Status CaresResolver::open() {
  ares_options options{};
  int set = ARES_OPT_SOCK_STATE_CB | ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<CaresResolver*>(self)->on_socket(fd, readable != 0, writable != 0);
  };
  options.sock_state_cb_data = this;
  if (config_.use_tcp) options.flags |= ARES_FLAG_USEVC;
  if (config_.no_default_search_domain) options.flags |= ARES_FLAG_NOSEARCH;
  options.timeout = static_cast<int>(config_.query_timeout.count());
  options.tries = static_cast<int>(config_.query_tries);
  set |= config_.rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE;
  if (config_.edns0_max_payload != 0) {
    options.flags |= ARES_FLAG_EDNS;
    set |= ARES_OPT_EDNSPSZ;
    options.ednspsz = static_cast<int>(config_.edns0_max_payload);
  }
  if (int error = ares_init_options(&channel_, &options, set); error != ARES_SUCCESS) {
    return absl::UnavailableError(
        fmt::format("cannot prepare DNS look-ups: {}", ares_strerror(error)));
  }
  return set_servers();
}

absl::Status CaresResolver::set_servers() {
  if (config_.servers.empty()) return absl::OkStatus();
  if (config_.servers_as_fallback) {
    // Where the system names no server, c-ares asks the local host.
    ares_addr_port_node* known = nullptr;
    if (ares_get_servers_ports(channel_, &known) != ARES_SUCCESS) known = nullptr;
    bool only_default = known == nullptr || (known->next == nullptr && known->family == AF_INET &&
                                             known->addr.addr4.s_addr == htonl(INADDR_LOOPBACK));
    if (known != nullptr) ares_free_data(known);
    if (!only_default) return absl::OkStatus();
  }
  std::string list;
  for (const net::Address& server : config_.servers) {
    if (!list.empty()) list += ',';
    list += server.port() == 0 ? server.with_port(53).text() : server.text();
  }
  if (int error = ares_set_servers_ports_csv(channel_, list.c_str()); error != ARES_SUCCESS) {
    return absl::UnavailableError(
        fmt::format("cannot use the DNS servers {}: {}", list, ares_strerror(error)));
  }
  return absl::OkStatus();
}

// Has the machine a route into this family? A UDP socket that connects asks the routing table.
bool CaresResolver::has_family(int family) const {
  auto target = net::Address::from_ip(family == AF_INET ? "192.0.2.1" : "2001:db8::1", 53);
  int fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  bool routed = ::connect(fd, target->data(), target->length()) == 0;
  ::close(fd);
  return routed;
}

void CaresResolver::on_socket(int fd, bool readable, bool writable) {
  auto at = sockets_.find(fd);
  if (!readable && !writable) {
    if (at == sockets_.end()) return;
    at->second->forget();
    sockets_.erase(at);
    return;
  }
  if (at == sockets_.end()) at = sockets_.emplace(fd, std::make_shared<Socket>(*this, fd)).first;
  at->second->want(readable, writable);
}

void CaresResolver::process(int read_fd, int write_fd) {
  ares_process_fd(channel_, read_fd, write_fd);
  arm_timeout();
}

void CaresResolver::arm_timeout() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {
    timeout_.reset();
    return;
  }
  auto delay = std::chrono::milliseconds(left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
  timeout_ = alarms_->after(delay, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

std::unique_ptr<Query> CaresResolver::resolve(const std::string& name, Family family,
                                              Callback done) {
  auto lookup = std::make_shared<Lookup>(*this, name, families_of(family), std::move(done));
  lookup->start();
  return std::make_unique<Handle>(std::move(lookup));
}

}  // namespace outrigger::dns
