// Answer: what the authorization service said of a request, from either protocol, and what is to be
// done to the messages then. Thread: the stream's worker. Lifetime: from the answer to the end of
// the stream.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "api/arena.h"
#include "api/http/header_map.h"
#include "api/metadata.h"

namespace outrigger::filters::ext_authz {

using Fields = std::vector<std::pair<std::string, std::string>>;  // lower-case names

struct FieldEdit {
  enum class Action : uint8_t {
    add,  // besides those of that name
    add_if_absent,
    set,  // instead of them
    set_if_present,
    append_to_value  // of a field that is there
  };
  Action action;
  std::string name;  // lower case
  std::string value;
};

struct Answer {
  enum class Status : uint8_t {
    ok,
    denied,
    error  // the service did not say
  };
  Status status = Status::error;

  // ok
  std::vector<FieldEdit> request;
  std::vector<std::string> request_remove;
  std::vector<FieldEdit> response;
  Fields query_set;
  std::vector<std::string> query_remove;

  // denied
  int code = 403;
  std::string body;
  std::vector<FieldEdit> reply;  // of the reply's head

  // of an error that comes with a reply of the service's own
  bool has_reply = false;

  MetadataStruct metadata;
};

// Is this a field that a message may have? The service's word is no reason to send a broken one.
bool is_valid_field(const FieldEdit& edit);

void apply_edits(const std::vector<FieldEdit>& edits, http::HeaderMap& headers);
// Pseudo-header fields and Host stay.
void remove_fields(const std::vector<std::string>& names, http::HeaderMap& headers);
void edit_query(const Fields& set, const std::vector<std::string>& remove,
                http::HeaderMap& headers);

}  // namespace outrigger::filters::ext_authz
