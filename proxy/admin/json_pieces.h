// Large answers in JSON, some elements at a time, so that the main thread gets to other work in
// between. The text is what to_json would make of the whole, whatever the size of the pieces.
// Thread: main.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"

#include "proxy/admin/page.h"

namespace outrigger::admin {

using MessagePtr = std::shared_ptr<const google::protobuf::Message>;

struct PiecePosition {
  bool first;
  bool last;
};

// `json` is to_json() of a message whose only field is a part of a list. Appends it to `out` so
// that the parts of all calls make up one message with one list. Returns whether another piece
// follows.
bool append_list_piece(std::string_view json, PiecePosition position, std::string& out);

// {"configs": [...]}, each element with its type, as envoy.admin.v3.ConfigDump has them. Sensitive
// fields are redacted. For few elements with long lists in them:
BodySource few_configs(std::vector<MessagePtr> configs);
// For many small elements:
BodySource many_configs(std::vector<MessagePtr> configs);

}  // namespace outrigger::admin
