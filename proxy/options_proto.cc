#include "proxy/options_proto.h"

#include <cstdio>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"

#include "proxy/version.h"

namespace outrigger {
namespace {

using envoy::admin::v3::CommandLineOptions;
using google::protobuf::util::TimeUtil;

CommandLineOptions::Mode to_proto(Mode mode) {
  switch (mode) {
    case Mode::serve:
      return CommandLineOptions::Serve;
    case Mode::validate:
      return CommandLineOptions::Validate;
    case Mode::init_only:
      return CommandLineOptions::InitOnly;
  }
  return CommandLineOptions::Serve;
}

void put_configuration(const Options& o, CommandLineOptions& proto) {
  proto.set_config_path(o.config_path);
  proto.set_config_yaml(o.config_yaml);
  proto.set_mode(to_proto(o.mode));
  proto.set_allow_unknown_static_fields(o.allow_unknown_static_fields);
  proto.set_reject_unknown_dynamic_fields(o.reject_unknown_dynamic_fields);
  proto.set_ignore_unknown_dynamic_fields(o.ignore_unknown_dynamic_fields);
  proto.set_skip_deprecated_logs(o.skip_deprecated_logs);
  std::vector<std::string> disabled = absl::StrSplit(o.disabled_extensions, ',', absl::SkipEmpty());
  for (const std::string& name : disabled) proto.add_disabled_extensions(name);
}

void put_running(const Options& o, CommandLineOptions& proto) {
  proto.set_concurrency(o.concurrency);
  proto.set_service_cluster(o.service_cluster);
  proto.set_service_node(o.service_node);
  proto.set_service_zone(o.service_zone);
  for (const auto& [name, value] : o.stats_tags) proto.add_stats_tag(name + ":" + value);
  proto.set_admin_address_path(o.admin_address_path);
  proto.set_local_address_ip_version(o.local_address_ip_version == IpVersion::v6
                                         ? CommandLineOptions::v6
                                         : CommandLineOptions::v4);
  *proto.mutable_file_flush_interval() =
      TimeUtil::MillisecondsToDuration(o.file_flush_interval.count());
  *proto.mutable_drain_time() = TimeUtil::SecondsToDuration(o.drain_time.count());
  *proto.mutable_parent_shutdown_time() =
      TimeUtil::SecondsToDuration(o.parent_shutdown_time.count());
  proto.set_drain_strategy(o.drain_strategy == DrainStrategy::immediate
                               ? CommandLineOptions::Immediate
                               : CommandLineOptions::Gradual);
}

void put_log(const Options& o, CommandLineOptions& proto) {
  proto.set_log_level(std::string(log::name(o.log_level)));
  proto.set_component_log_level(o.component_log_level);
  proto.set_log_format(o.log_format);
  proto.set_log_format_escaped(o.log_format_escaped);
  proto.set_log_path(o.log_path);
  proto.set_enable_fine_grain_logging(o.enable_fine_grain_logging);
}

void put_without_effect(const Options& o, CommandLineOptions& proto) {
  proto.set_disable_hot_restart(o.disable_hot_restart);
  proto.set_restart_epoch(o.restart_epoch);
  proto.set_base_id(o.base_id);
  proto.set_use_dynamic_base_id(o.use_dynamic_base_id);
  proto.set_base_id_path(o.base_id_path);
  proto.set_socket_path(o.socket_path);
  proto.set_socket_mode(o.socket_mode);
  proto.set_skip_hot_restart_on_no_parent(o.skip_hot_restart_on_no_parent);
  proto.set_skip_hot_restart_parent_stats(o.skip_hot_restart_parent_stats);
  proto.set_cpuset_threads(o.cpuset_threads);
  proto.set_enable_mutex_tracing(o.enable_mutex_tracing);
  proto.set_enable_core_dump(o.enable_core_dump);
}

void put_build(envoy::config::core::v3::BuildVersion& proto) {
  BuildVersion build = build_version();
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  std::sscanf(std::string(build.number).c_str(), "%u.%u.%u", &major, &minor, &patch);
  proto.mutable_version()->set_major_number(major);
  proto.mutable_version()->set_minor_number(minor);
  proto.mutable_version()->set_patch(patch);
  auto& facts = *proto.mutable_metadata()->mutable_fields();
  facts["revision.sha"].set_string_value(std::string(build.revision));
  facts["revision.status"].set_string_value(std::string(build.status));
  facts["build.type"].set_string_value(std::string(build.type));
  facts["ssl.version"].set_string_value(std::string(build.tls));
}

}  // namespace

CommandLineOptions to_proto(const Options& options) {
  CommandLineOptions proto;
  put_configuration(options, proto);
  put_running(options, proto);
  put_log(options, proto);
  put_without_effect(options, proto);
  return proto;
}

void complete_node(envoy::config::core::v3::Node& node, const Options& options) {
  if (!options.service_node.empty()) node.set_id(options.service_node);
  if (!options.service_cluster.empty()) node.set_cluster(options.service_cluster);
  if (!options.service_zone.empty()) node.mutable_locality()->set_zone(options.service_zone);
  node.set_user_agent_name("outrigger");
  put_build(*node.mutable_user_agent_build_version());
}

}  // namespace outrigger
