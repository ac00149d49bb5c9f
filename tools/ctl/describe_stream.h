// Conditions on what is known of a request's stream (certificate, metadata, filter state) in plain
// words. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "api/config/stream_conditions.h"

namespace outrigger::ctl {

std::string describe_stream(const config::StreamConditions& conditions);
// Adds a sentence for each that fails. `info` may be nullptr: nothing is known.
void judge_stream(const config::StreamConditions& conditions, const StreamInfo* info,
                  std::vector<std::string>& out);

}  // namespace outrigger::ctl
