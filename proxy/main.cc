// outrigger: the program.
#include <csignal>
#include <cstdio>

#include "fmt/format.h"

#include "proxy/logging.h"
#include "proxy/options.h"
#include "proxy/server.h"

namespace {

void print(std::FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
  if (!text.ends_with('\n')) std::fputc('\n', to);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a log's reader that went away is an error to handle, not an end
  auto parsed = outrigger::parse_options(argc, argv);
  if (const auto* exit = std::get_if<outrigger::CommandLineExit>(&parsed)) {
    print(exit->code == 0 ? stdout : stderr, exit->text);
    return exit->code;
  }
  const auto& options = std::get<outrigger::Options>(parsed);
  if (absl::Status status = outrigger::set_up_logging(options); !status.ok()) {
    print(stderr, status.ToString());
    return 1;
  }
  outrigger::Server server(options);
  if (absl::Status status = server.load(); !status.ok()) {
    print(stderr, fmt::format("error initializing configuration '{}':\n{}", options.config_path,
                              std::string(status.message())));
    return 1;
  }
  if (options.mode == outrigger::Mode::validate) {
    print(stdout, fmt::format("configuration '{}' OK", options.config_path));
    return 0;
  }
  return server.run();
}
