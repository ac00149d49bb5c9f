#include "xds/compile_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load;
using testing::load_listener;
using testing::Loaded;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(CompileAdmin, TakesAddressLogsAndSocket) {
  Loaded loaded = load(
      "admin: {address: {pipe: {path: /run/admin}}, access_log_path: /dev/null, profile_path: /p, "
      "ignore_global_conn_limit: true, socket_options: [{level: 1, name: 9, int_value: 1}], "
      "allow_paths: [{exact: /ready}, {prefix: /stats}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.compiled.admin->address.text(), "/run/admin");
  EXPECT_EQ(loaded.compiled.admin->access_logs.at(0).path, "/dev/null");
  ASSERT_EQ(loaded.compiled.admin->socket_options.size(), 1u);
  EXPECT_EQ(loaded.compiled.admin->socket_options[0].name, 9);
  EXPECT_EQ(loaded.compiled.admin->allowed_paths.size(), 2u);
  EXPECT_FALSE(load("admin: {}").compiled.admin.has_value());
}

TEST(CompileRuntime, FlattensLayersInOrder) {
  Loaded loaded = load(
      "layered_runtime: {layers: [{name: base, static_layer: {a: {b: 1, c: yes}, d: text, e.f: "
      "2.5, g: {numerator: 5}}}, "
      "{name: admin, admin_layer: {}}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.compiled.runtime_layers.at(0).values,
              UnorderedElementsAre(Pair("a.b", "1"), Pair("a.c", "true"), Pair("d", "text"),
                                   Pair("e.f", "2.5"), Pair("g", "{\"numerator\":5}")));
  EXPECT_FALSE(loaded.compiled.runtime_layers.at(0).admin);
  EXPECT_TRUE(loaded.compiled.runtime_layers.at(1).admin);
}

TEST(CompileRuntime, RefusesListsSameNamesAndTwoAdminLayers) {
  EXPECT_THAT(load("layered_runtime: {layers: [{name: a, static_layer: {x: [1]}}, {name: a, "
                   "admin_layer: {}}, {name: b, admin_layer: {}}]}")
                  .errors,
              ElementsAre("layered_runtime.layers[0].static_layer.x: a runtime value is a number, "
                          "a boolean, a string or a mapping, line 1",
                          "layered_runtime.layers[1].name: duplicate layer name: a, line 1",
                          "layered_runtime.layers[2].admin_layer: at most one admin layer may be "
                          "specified, line 1"));
  EXPECT_THAT(load("layered_runtime: {layers: [{name: a, disk_layer: {}}]}").errors,
              ElementsAre(HasSubstr("disk_layer: is not supported")));
  EXPECT_THAT(load("runtime: {}").errors, ElementsAre("runtime: unknown field, line 1"));
}

TEST(CompileStats, TagsMatchersAndBuckets) {
  Loaded loaded = load(
      "stats_config: {use_all_default_tags: false, stats_tags: [{tag_name: a, regex: 'x(y)'}, "
      "{tag_name: b, fixed_value: z}], "
      "stats_matcher: {inclusion_list: {patterns: [{prefix: cluster.}, {safe_regex: {regex: "
      "'a.*'}}]}}, "
      "histogram_bucket_settings: [{match: {suffix: time}, buckets: [10, 1, 2.5]}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::StatsConfig& stats = loaded.compiled.stats;
  EXPECT_FALSE(stats.use_all_default_tags);
  EXPECT_EQ(stats.tags.at(0).pattern, "x(y)");
  EXPECT_EQ(stats.tags.at(1).fixed_value, "z");
  EXPECT_EQ(stats.match, config::StatsConfig::Match::include);
  EXPECT_TRUE(stats.patterns.at(0).matches("cluster.a"));
  EXPECT_TRUE(stats.patterns.at(1).matches("abc"));
  EXPECT_THAT(stats.histogram_buckets.at(0).bounds, ElementsAre(1, 2.5, 10));
  EXPECT_EQ(load("stats_config: {stats_matcher: {reject_all: true}}").compiled.stats.match,
            config::StatsConfig::Match::none);
  EXPECT_EQ(load("stats_config: {stats_matcher: {exclusion_list: {patterns: [{exact: a}]}}}")
                .compiled.stats.match,
            config::StatsConfig::Match::exclude);
}

TEST(CompileStats, RefusesRegexesThatCutNothing) {
  EXPECT_THAT(
      load("stats_config: {stats_tags: [{tag_name: a, regex: '('}, {tag_name: b, regex: x}]}")
          .errors,
      ElementsAre(HasSubstr("stats_config.stats_tags[0].regex: invalid regex '('"),
                  HasSubstr("stats_tags[1].regex: regex 'x' has no group")));
}

Loaded with_log(const std::string& config, const std::string& filter = "") {
  return load_listener(
      {.extra = "access_log: [{name: f" + (filter.empty() ? "" : ", filter: " + filter) +
                ", typed_config: {\"@type\": type.googleapis.com/envoy.extensions.access_loggers." +
                config + "}}]"});
}

std::string text_of(const Loaded& loaded) {
  std::string out;
  for (const auto& command :
       std::get<config::SubstitutionFormat>(loaded.manager().access_logs.at(0).format.format))
    out += command.text;
  return out;
}

TEST(CompileAccessLog, FilesAndStreams) {
  EXPECT_EQ(with_log("file.v3.FileAccessLog, path: /var/log/a").manager().access_logs.at(0).path,
            "/var/log/a");
  EXPECT_EQ(with_log("stream.v3.StdoutAccessLog").manager().access_logs.at(0).path, "/dev/stdout");
  EXPECT_EQ(with_log("stream.v3.StderrAccessLog").manager().access_logs.at(0).path, "/dev/stderr");
  EXPECT_THAT(load_listener({.extra = "access_log: [{name: envoy.access_loggers.file}]"}).errors,
              ElementsAre(HasSubstr("access_log[0].typed_config: value is required")));
}

TEST(CompileAccessLog, EveryWayToSayTheFormat) {
  EXPECT_EQ(text_of(with_log("file.v3.FileAccessLog, path: p, format: 'a'")), "a");
  EXPECT_EQ(text_of(with_log("file.v3.FileAccessLog, path: p, log_format: {text_format: 'b'}")),
            "b");
  EXPECT_EQ(text_of(with_log("file.v3.FileAccessLog, path: p, log_format: {text_format_source: "
                             "{inline_string: 'c'}}")),
            "c");
  EXPECT_EQ(text_of(with_log("stream.v3.StdoutAccessLog, log_format: {text_format: 'd'}")), "d");
  EXPECT_THAT(text_of(with_log("file.v3.FileAccessLog, path: p, format: ''")),
              HasSubstr("x-forwarded-for"));
  for (const char* json : {"json_format: {k: v}", "typed_json_format: {k: v}",
                           "log_format: {json_format: {k: v}, omit_empty_values: true}"}) {
    Loaded loaded = with_log(std::string("file.v3.FileAccessLog, path: p, ") + json);
    ASSERT_THAT(loaded.errors, IsEmpty());
    EXPECT_TRUE(std::holds_alternative<config::JsonFormat>(
        loaded.manager().access_logs.at(0).format.format))
        << json;
  }
}

TEST(CompileAccessLog, ErrorsOfFormatsHaveTheirPath) {
  EXPECT_THAT(with_log("file.v3.FileAccessLog, path: p, log_format: {text_format: '%FOO%'}").errors,
              ElementsAre(HasSubstr("access_log[0].typed_config.log_format.text_format: ")));
  EXPECT_THAT(
      with_log("file.v3.FileAccessLog, path: p, log_format: {json_format: {a: {b: '%FOO%'}}}")
          .errors,
      ElementsAre(HasSubstr("access_log[0].typed_config.log_format.json_format.a.b: ")));
  EXPECT_THAT(
      with_log("file.v3.FileAccessLog, path: p, log_format: {text_format_source: {filename: "
               "/nonexistent}}")
          .errors,
      ElementsAre(HasSubstr("text_format_source.filename: unable to read file '/nonexistent'")));
  EXPECT_THAT(with_log("file.v3.FileAccessLog, path: ''").errors,
              ElementsAre(HasSubstr("path: value length must be at least 1")));
}

TEST(CompileAccessLog, FilterTrees) {
  Loaded loaded = with_log("file.v3.FileAccessLog, path: p",
                           "{or_filter: {filters: [{and_filter: {filters: [{status_code_filter: "
                           "{comparison: {op: GE, value: {default_value: 500, "
                           "runtime_key: k}}}}, {duration_filter: {comparison: {op: LE, value: "
                           "{default_value: 9, runtime_key: k}}}}]}}, "
                           "{response_flag_filter: {flags: [UH]}}, {header_filter: {header: {name: "
                           "X, string_match: {exact: v}}}}, "
                           "{not_health_check_filter: {}}]}}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  using Kind = config::AccessLogFilter::Kind;
  const config::AccessLogFilter& filter = *loaded.manager().access_logs.at(0).filter;
  EXPECT_EQ(filter.kind, Kind::any_of);
  EXPECT_EQ(filter.children.at(0).kind, Kind::all_of);
  EXPECT_EQ(filter.children.at(0).children.at(0).compare,
            config::AccessLogFilter::Compare::greater_equal);
  EXPECT_EQ(filter.children.at(0).children.at(0).value, 500u);
  EXPECT_EQ(filter.children.at(0).children.at(1).kind, Kind::duration);
  EXPECT_TRUE(filter.children.at(1).flags.has(ResponseFlag::no_healthy_upstream));
  EXPECT_EQ(filter.children.at(2).header.name, "x");
  EXPECT_EQ(filter.children.at(3).kind, Kind::not_health_check);
}

TEST(CompileAccessLog, RefusesFiltersThatWeDoNotHave) {
  EXPECT_THAT(with_log("file.v3.FileAccessLog, path: p", "{extension_filter: {name: cel}}").errors,
              ElementsAre(HasSubstr("access_log[0].filter.extension_filter.typed_config: filter "
                                    "'cel' of type '' is not supported by Outrigger")));
}

TEST(CompileAccessLog, TakesSamplesSetsAndMetadata) {
  Loaded loaded = with_log(
      "file.v3.FileAccessLog, path: p",
      "{and_filter: {filters: [{runtime_filter: {runtime_key: k, percent_sampled: {numerator: 3, "
      "denominator: MILLION}, use_independent_randomness: true}}, "
      "{grpc_status_filter: {statuses: [OK, UNAVAILABLE], exclude: true}}, "
      "{metadata_filter: {matcher: {filter: f, path: [{key: a}], value: {bool_match: true}}, "
      "match_if_key_not_found: false}}, "
      "{log_type_filter: {types: [DownstreamEnd, TcpConnectionEnd]}}, {traceable_filter: {}}]}}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  using Kind = config::AccessLogFilter::Kind;
  const auto& filters = loaded.manager().access_logs.at(0).filter->children;
  EXPECT_EQ(filters.at(0).kind, Kind::runtime);
  EXPECT_EQ(filters.at(0).numerator, 3u);
  EXPECT_EQ(filters.at(0).denominator, 1'000'000u);
  EXPECT_TRUE(filters.at(0).independent);
  EXPECT_EQ(filters.at(1).set, 1u | 1u << 14);
  EXPECT_TRUE(filters.at(1).exclude);
  EXPECT_EQ(filters.at(2).metadata.filter, "f");
  EXPECT_FALSE(filters.at(2).match_if_key_not_found);
  EXPECT_EQ(filters.at(3).set, 1u << 6 | 1u << 3);
  EXPECT_EQ(filters.at(4).kind, Kind::traceable);
}

}  // namespace
}  // namespace outrigger::xds
