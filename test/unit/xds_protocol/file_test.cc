// Resources of files.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "test/unit/xds_protocol/fixture.h"
#include "xds/protocol/resource_file.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Says that a directory changed when a test says so.
class FakeWatcher final : public DirectoryWatcher {
 public:
  std::unique_ptr<Watch> watch(const std::string& directory,
                               std::function<void()> changed) override {
    told[directory] = std::move(changed);
    return std::make_unique<Watch>();
  }
  std::map<std::string, std::function<void()>> told;
};

class Files : public ProtocolTest {
 protected:
  Files() {
    char pattern[] = "/tmp/xds_protocol_XXXXXX";
    directory = mkdtemp(pattern);
    path = directory + "/eds.yaml";
  }
  ~Files() override {
    unlink(path.c_str());
    rmdir(directory.c_str());
  }
  void write(const std::string& text) { std::ofstream(path) << text; }
  void change(const std::string& text) {
    write(text);
    watcher.told.at(directory)();
    clock.turn();
  }
  static std::string endpoints(const std::vector<std::string>& names) {
    std::string text = "version_info: \"v" + std::to_string(names.size()) + "\"\nresources:\n";
    for (const std::string& name : names)
      text +=
          "- \"@type\": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment\n"
          "  cluster_name: " +
          name + "\n";
    return text;
  }
  ConfigSource file() const {
    ConfigSource source;
    source.mutable_path_config_source()->set_path(path);
    return source;
  }

  std::string directory, path;
  FakeWatcher watcher;
  ConfigSources files{{environment, server, clock, ledger, &watcher,
                       [this](bool, const std::string& text) { log.push_back(text); }}};
  std::unique_ptr<Subscription> follow(std::string_view type, std::vector<std::string> names,
                                       Consumer& consumer) {
    auto made = files.subscribe(
        file(), {type, std::move(names), stats.scope<SubscriptionStats>("t.")}, consumer);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : nullptr;
  }
};

TEST_F(Files, AreReadAndFollowed) {
  write(endpoints({"a", "b"}));
  Consumer a, b;
  auto for_a = follow(kEndpointType, {"a"}, a);
  EXPECT_THAT(a.updates, IsEmpty());
  clock.turn();
  EXPECT_THAT(a.last_names(), ElementsAre("a"));
  EXPECT_EQ(a.updates[0]->version, "v2");
  auto for_b = follow(kEndpointType, {"b"}, b);
  clock.turn();
  ASSERT_THAT(b.updates, SizeIs(1));
  EXPECT_THAT(b.last_names(), ElementsAre("b"));
  change(endpoints({"a"}));
  EXPECT_THAT(a.updates, SizeIs(2));
  EXPECT_THAT(b.updates, SizeIs(1));
  change(endpoints({"a"}));  // something else in the directory
  EXPECT_THAT(a.updates, SizeIs(2));
}

TEST_F(Files, ThatCannotBeReadChangeNothing) {
  write(endpoints({"a"}));
  Consumer consumer;
  auto subscription = follow(kEndpointType, {"a"}, consumer);
  clock.turn();
  change("resources: [}");
  EXPECT_THAT(consumer.updates, SizeIs(1));
  EXPECT_EQ(counts().update_failure.value(), 1u);
  EXPECT_THAT(log.back(), HasSubstr("Filesystem config update failure: " + path));
  EXPECT_EQ(consumer.timeouts, 0);
  change(endpoints({"a", "b", "c"}));
  EXPECT_THAT(consumer.updates, SizeIs(2));
}

TEST_F(Files, ThatAreBadFromTheBeginningEndTheWait) {
  write("- nonsense");
  Consumer consumer;
  auto subscription = follow(kClusterType, {}, consumer);
  clock.turn();
  EXPECT_EQ(consumer.timeouts, 1);
}

TEST_F(Files, CountWhatIsRejected) {
  write(endpoints({"a"}));
  Consumer consumer;
  consumer.reject = {{"a", "bad"}};
  auto subscription = follow(kEndpointType, {"a"}, consumer);
  clock.turn();
  EXPECT_EQ(counts().update_rejected.value(), 1u);
  EXPECT_THAT(log.back(), HasSubstr("a: bad"));
}

TEST_F(Files, OfTheWrongTypeAreRejected) {
  write(endpoints({"a"}));
  Consumer consumer;
  auto subscription = follow(kClusterType, {}, consumer);
  clock.turn();
  EXPECT_THAT(log.back(), HasSubstr("a: has type"));
  EXPECT_EQ(counts().update_rejected.value(), 1u);
}

TEST(ResourceFile, MayBeJsonTextOrOctets) {
  auto response = response_of(kEndpointType, "v1", "", {"a"});
  auto octets = read_resource_file(response.SerializeAsString(), "x.pb");
  ASSERT_TRUE(octets.ok());
  EXPECT_EQ(octets->response.resources_size(), 1);
  auto json = read_resource_file(R"({"resources": [{"@type": ")" + std::string(kEndpointType) +
                                     R"(", "cluster_name": "a", "of_tomorrow": 1}]})",
                                 "x.json");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->response.resources(0).value(), response.resources(0).value());
  EXPECT_THAT(json->warnings, ElementsAre(HasSubstr("of_tomorrow")));
  auto text = read_resource_file("version_info: \"v1\"\nresources {\n  [" +
                                     std::string(kEndpointType) + "] { cluster_name: \"a\" }\n}\n",
                                 "x.pb_text");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->response.resources(0).value(), response.resources(0).value());
  for (const char* name : {"x.pb", "x.pb_text", "x.json", "x.yaml"})
    EXPECT_FALSE(read_resource_file("\x01{[", name).ok()) << name;
  EXPECT_FALSE(read_resource_file("", "x.json").ok());
}

}  // namespace
}  // namespace outrigger::xds
