// TestSchema: the message types of test files. They are no part of Envoy's API, so there is no
// generated code of them: the types are made here, of a table, so that test files are read as
// configuration files are. Thread: main. Lifetime: longer than its messages'.
#pragma once

#include <memory>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace outrigger::ctl {

class TestSchema {
 public:
  TestSchema();

  // An empty test file. Messages in it that are Envoy's own have their generated types.
  std::unique_ptr<google::protobuf::Message> make_file();

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Descriptor* file_;
};

}  // namespace outrigger::ctl
