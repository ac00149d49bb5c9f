// One listener filter at a connection that the test describes. Thread: the test's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "api/filter/listener_filter.h"
#include "filters/registry_listener.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {

class FakeListenerContext final : public ListenerFilterContext {
 public:
  DownstreamConnectionInfo& info() override { return info_; }
  std::optional<net::Address> original_destination() override { return destination; }
  void use_source_address(const net::Address& source, uint32_t mark) override {
    info_.make_extras().upstream_source = SourceAddress{source, mark};
  }
  unsigned worker() const override { return 0; }

  std::optional<net::Address> destination;

 private:
  DownstreamConnectionInfo info_;
};

class ListenerFilterTest : public FilterTest {
 protected:
  using Kind = ListenerFilterVerdict::Kind;

  ListenerFilterTest() {
    connection.info().remote = connection.info().direct_remote =
        *net::Address::from_ip("192.0.2.1", 5000);
    connection.info().local = connection.info().direct_local =
        *net::Address::from_ip("192.0.2.9", 443);
  }
  template <class Proto>
  absl::Status configure(const std::string& text = "") {
    auto made = find_listener_filter(Proto::descriptor()->full_name())
                    ->compile(parse<Proto>(text), compile_context);
    if (!made.ok()) return made.status();
    factory_ = *made;
    filter_ = factory_->create();
    return absl::OkStatus();
  }
  Kind look(std::string_view data, bool end = false) {
    std::string exact(data);  // of its exact size: a read beyond it shows
    consumed = 0;
    return filter_->look(connection, exact, end, consumed).kind();
  }
  // Octet by octet; the verdict that ends it, and after how many.
  Kind trickle(std::string_view data) {
    for (needed = 0; needed <= data.size(); ++needed) {
      Kind kind = look(data.substr(0, needed));
      if (kind != Kind::more) return kind;
    }
    return Kind::more;
  }
  const ConnectionExtras& extras() { return connection.info().make_extras(); }
  // Of dynamic metadata; empty: not there.
  std::string metadata(std::string_view space, const std::string& key) {
    std::string path[] = {key};
    const MetadataValue* value = extras().metadata.find(space, path);
    return value == nullptr || value->string() == nullptr ? "" : *value->string();
  }

  FakeListenerContext connection;
  size_t consumed = 0;
  size_t needed = 0;

 private:
  std::shared_ptr<const ListenerFilterFactory> factory_;
  std::unique_ptr<ListenerFilter> filter_;
};

}  // namespace outrigger::filters::test
