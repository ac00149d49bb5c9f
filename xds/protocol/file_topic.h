// FileTopic: the resources of one type that a file has, read again whenever it changes. A file that
// cannot be read leaves what came before it in force. Thread: main. Lifetime: its source's; longer
// than the subscriptions.
// Semantics: envoy.config.core.v3.PathConfigSource
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "xds/protocol/protocol_context.h"
#include "xds/protocol/topic.h"
#include "xds/tls_secrets.h"

namespace outrigger::xds {

struct FileTopicOptions {
  std::string path;
  std::string watched_directory;  // empty: the file's own
  std::string type_url;
};

class FileTopic final : private TopicOwner {
 public:
  // `watcher` nullptr: the file is read once.
  FileTopic(FileTopicOptions options, DirectoryWatcher* watcher, ProtocolContext& context);

  Topic& topic() { return topic_; }

 private:
  void request_due(Topic&) override {}
  void worked_off(Topic&, Acknowledgement, uint64_t) override {}

  void read();
  void fail(const absl::Status& why);

  const FileTopicOptions options_;
  ProtocolContext& context_;
  Topic topic_;
  std::optional<uint64_t> seen_;  // hash of the content that was read last
  std::unique_ptr<DirectoryWatcher::Watch> watch_;
  std::unique_ptr<Clock::Alarm> first_;
};

}  // namespace outrigger::xds
