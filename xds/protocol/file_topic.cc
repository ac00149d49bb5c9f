#include "xds/protocol/file_topic.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

#include "fmt/format.h"

#include "xds/protocol/resource_file.h"
#include "xds/read_file.h"

namespace outrigger::xds {
namespace {

// Far above any real file.
constexpr size_t kMaxFileBytes = size_t{512} << 20;

absl::StatusOr<std::string> content_of(const std::string& path) {
  auto text = read_file(path, kMaxFileBytes);
  if (!text) return absl::NotFoundError(fmt::format("unable to read file: {}", path));
  return *std::move(text);
}

std::string directory_of(const FileTopicOptions& options) {
  if (!options.watched_directory.empty()) return options.watched_directory;
  size_t slash = options.path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : options.path.substr(0, slash);
}

}  // namespace

FileTopic::FileTopic(FileTopicOptions options, DirectoryWatcher* watcher, ProtocolContext& context)
    : options_(std::move(options)),
      context_(context),
      topic_({options_.type_url, true, true}, nullptr, context, *this) {
  if (watcher != nullptr) watch_ = watcher->watch(directory_of(options_), [this] { read(); });
  first_ = context.clock.after(std::chrono::milliseconds(0), [this] { read(); });
}

void FileTopic::read() {
  auto text = content_of(options_.path);
  if (!text.ok()) return fail(text.status());
  // The directory's other files change as well.
  uint64_t hash = XXH64(text->data(), text->size(), 0);
  if (seen_ == hash) return;
  seen_ = hash;
  auto file = read_resource_file(*std::move(text), options_.path);
  if (!file.ok()) return fail(file.status());
  for (const std::string& warning : file->warnings) context_.warn(warning);
  constexpr uint64_t kAnyStream = 1;
  topic_.take(answer_of(std::move(file->response), options_.type_url), kAnyStream);
}

void FileTopic::fail(const absl::Status& why) {
  context_.warn(fmt::format("Filesystem config update failure: {}", std::string(why.message())));
  topic_.count_failure();
  topic_.end_waits();
}

}  // namespace outrigger::xds
