// Responses of a management server as octets, into subscriptions of every kind, SotW and delta:
// whatever they say, each is acknowledged, rejected with a text, or ends the stream.
//
// The input is a list of messages: two octets of size (big endian), then the message. A size of
// 0xffff ends the stream, 0xfffe lets a second pass, 0xfffd changes the names of interest.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "envoy/service/discovery/v3/discovery.pb.h"

#include "api/config/cluster_ref.h"
#include "test/unit/xds_protocol/fake_clock.h"
#include "test/unit/xds_protocol/fake_server.h"
#include "xds/compile_environment.h"
#include "xds/protocol/config_sources.h"
#include "xds/protocol/nack.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::ApiConfigSource;
using envoy::config::core::v3::ConfigSource;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

class FreshRegistry final : public StatsRegistry {
 public:
  StatsScopePtr scope(std::string prefix, std::string extracted, std::vector<StatTag> tags,
                      const StatsLayout& layout) override {
    return std::make_shared<StatsScope>(prefix, extracted, std::move(tags), layout);
  }
};

// Rejects what it finds odd, and answers some updates late.
class Consumer final : public SubscriptionHandler {
 public:
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override {
    require(late_ == nullptr);  // one at a time
    UpdateResult result;
    for (const Resource& one : update->added) {
      if (one.body.value().size() % 3 == 1) result.rejected.push_back({one.name, one.version});
    }
    if (++updates_ % 4 == 0) {
      late_ = [done = std::move(done), result] { done(result); };
    } else {
      done(std::move(result));
    }
  }
  void on_fetch_timeout() override { require(!std::exchange(timed_out_, true)); }
  void answer_late() {
    if (auto late = std::exchange(late_, nullptr)) late();
  }

 private:
  unsigned updates_ = 0;
  std::function<void()> late_;
  bool timed_out_ = false;
};

class Client {
 public:
  explicit Client(ApiConfigSource::ApiType type) : delta_(type == ApiConfigSource::DELTA_GRPC) {
    ApiConfigSource source;
    source.set_api_type(type);
    source.add_grpc_services()->mutable_envoy_grpc()->set_cluster_name("xds");
    require(sources_.set_ads(source).ok());
    sources_.start();
    sources_.start_ads();
    subscribe(kClusterType, {});
    subscribe(kClusterType, {"a"});
    subscribe(kEndpointType, {"a", "b"});
    subscribe(kEndpointType, {"b", "xdstp://x/y/*"});
    subscribe(kVirtualHostType, {"*", "a"});
    clock_.turn();
  }

  void message(std::string octets) {
    if (server_.last().handler != nullptr) server_.last().handler->on_message(std::move(octets));
    check_requests();
  }
  void end_stream() {
    if (server_.last().handler != nullptr) server_.close();
    clock_.advance(std::chrono::seconds(30));
    check_requests();
  }
  void pass() {
    clock_.advance(std::chrono::seconds(1));
    for (auto& consumer : consumers_) consumer->answer_late();
    check_requests();
  }
  void change_names() {
    turn_ = !turn_;
    subscriptions_[2]->set_names(turn_ ? std::vector<std::string>{"b", "c"}
                                       : std::vector<std::string>{"a", "b"});
    subscriptions_[4]->set_names(turn_ ? std::vector<std::string>{"a"}
                                       : std::vector<std::string>{"*", "a"});
    if (turn_) {
      subscriptions_.pop_back();
      subscribe(kVirtualHostType, {});
    }
    pass();
  }

 private:
  void subscribe(std::string_view type, std::vector<std::string> names) {
    ConfigSource source;
    source.mutable_ads();
    consumers_.push_back(std::make_unique<Consumer>());
    auto made = sources_.subscribe(source, {type, std::move(names), nullptr}, *consumers_.back());
    require(made.ok());
    subscriptions_.push_back(*std::move(made));
  }
  // What goes out can be read, and its texts are bounded.
  void check_requests() {
    for (const std::string& octets : server_.last().sent) {
      std::string error;
      if (delta_) {
        FakeServer::DeltaRequest request;
        require(request.ParseFromString(octets));
        error = request.error_detail().message();
      } else {
        FakeServer::Request request;
        require(request.ParseFromString(octets));
        error = request.error_detail().message();
      }
      require(error.size() <= kMaxNackText && as_utf8(error) == error);
    }
    server_.last().sent.clear();
  }

  const bool delta_;
  bool turn_ = false;
  FreshRegistry stats_;
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
  FakeClock clock_;
  FakeServer server_;
  Ledger ledger_;
  ConfigSources sources_{{environment_, server_, clock_, ledger_}};
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
};

void run(Client& client, const uint8_t* data, size_t size) {
  constexpr size_t kEnd = 0xffff, kPass = 0xfffe, kNames = 0xfffd;
  while (size >= 2) {
    size_t length = size_t{data[0]} << 8 | data[1];
    data += 2;
    size -= 2;
    if (length == kEnd) {
      client.end_stream();
    } else if (length == kPass) {
      client.pass();
    } else if (length == kNames) {
      client.change_names();
    } else {
      length = std::min(length, size);
      client.message(std::string(reinterpret_cast<const char*>(data), length));
      data += length;
      size -= length;
    }
  }
  for (int i = 0; i < 40; ++i) client.pass();
}

}  // namespace
}  // namespace outrigger::xds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using outrigger::xds::Client;
  Client sotw(outrigger::xds::ApiConfigSource::GRPC);
  outrigger::xds::run(sotw, data, size);
  Client delta(outrigger::xds::ApiConfigSource::DELTA_GRPC);
  outrigger::xds::run(delta, data, size);
  return 0;
}
