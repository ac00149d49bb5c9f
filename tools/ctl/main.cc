// outriggerctl: the program.
#include <iostream>
#include <variant>

#include "tools/ctl/options.h"
#include "tools/ctl/route_check.h"

int main(int argc, char** argv) {
  auto parsed = outrigger::ctl::parse_options(argc, argv);
  if (const auto* exit = std::get_if<outrigger::ctl::Exit>(&parsed)) {
    (exit->code == 0 ? std::cout : std::cerr) << exit->text;
    return exit->code;
  }
  return outrigger::ctl::route_check(std::get<outrigger::ctl::RouteCheckOptions>(parsed), std::cout,
                                     std::cerr);
}
