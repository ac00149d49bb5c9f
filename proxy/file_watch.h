// FileWatch: tells when files of directories were written, moved there or linked anew, by inotify.
// Thread: main; callbacks come from the io_context. Lifetime: outlives its watches.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "boost/asio/io_context.hpp"
#include "boost/asio/posix/stream_descriptor.hpp"
#include "boost/asio/steady_timer.hpp"

#include "xds/tls_secrets.h"

namespace outrigger {

class FileWatch final : public xds::DirectoryWatcher {
 public:
  explicit FileWatch(boost::asio::io_context& io);
  ~FileWatch() override;

  std::unique_ptr<Watch> watch(const std::string& directory,
                               std::function<void()> changed) override;

 private:
  class Entry;

  void await_events();
  void read_events();
  void note(int descriptor, uint32_t mask);
  void await_settled();
  void tell();
  bool add(Entry& entry);
  void remove(Entry& entry);
  void await_retry();
  void retry_missing();

  boost::asio::posix::stream_descriptor inotify_;
  boost::asio::steady_timer settle_timer_;  // several files change together
  boost::asio::steady_timer retry_timer_;   // directories that are not there
  std::map<uint64_t, Entry*> entries_;      // by number, in the order of their making
  uint64_t next_number_ = 0;
  bool settling_ = false;
  bool retrying_ = false;
};

}  // namespace outrigger
