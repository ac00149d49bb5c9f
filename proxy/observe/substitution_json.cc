#include "proxy/observe/substitution_json.h"

#include "proxy/observe/json_escape.h"
#include "proxy/observe/log_metadata.h"

namespace outrigger::observe {
namespace {

class JsonEvaluation {
 public:
  JsonEvaluation(bool omit_empty, const LogContext& context, LogScratch& scratch, LineBuffer& out)
      : omit_empty_(omit_empty), context_(context), scratch_(scratch), out_(out) {}

  // False: nothing to show for it; what was written is to be dropped.
  bool write(const config::JsonFormat& format) {
    return std::visit([this](const auto& value) { return write(value); }, format.value);
  }

 private:
  bool write(const config::JsonFormat::Constant& constant) {
    if (omit_empty_ && constant.json == "null") return false;
    out_.append(constant.json);
    return true;
  }

  bool write(const config::JsonFormat::Object& object) {
    out_.push_back('{');
    bool any = false;
    for (const auto& [key, value] : object) {
      size_t before = out_.size();
      if (any) out_.push_back(',');
      write_string(key);
      out_.push_back(':');
      if (write(value)) {
        any = true;
      } else {
        out_.rewind(before);
      }
    }
    out_.push_back('}');
    return any || !omit_empty_;
  }

  bool write(const config::JsonFormat::List& list) {
    out_.push_back('[');
    bool any = false;
    for (const config::JsonFormat& element : list) {
      size_t before = out_.size();
      if (any) out_.push_back(',');
      if (write(element)) {
        any = true;
      } else {
        out_.rewind(before);
      }
    }
    out_.push_back(']');
    return true;
  }

  bool write(const config::SubstitutionFormat& leaf) {
    if (leaf.size() == 1 && leaf.front().field != config::LogField::literal) {
      return write_typed(value_of(leaf.front(), context_, scratch_));
    }
    out_.push_back('"');
    for (const config::LogCommand& command : leaf) {
      LogValue value = value_of(command, context_, scratch_);
      if (value.kind == LogValue::Kind::number) {
        out_.append_number(value.number);
      } else if (value.kind == LogValue::Kind::text) {
        append_json_escaped(value.text, out_);
      } else if (value.kind == LogValue::Kind::data) {
        append_json_escaped(data_text(command, value, scratch_), out_);
      } else if (!omit_empty_) {
        out_.push_back('-');
      }
    }
    out_.push_back('"');
    return true;
  }

  bool write_typed(const LogValue& value) {
    switch (value.kind) {
      case LogValue::Kind::none:
        if (omit_empty_) return false;
        out_.append("null");
        break;
      case LogValue::Kind::number:
        out_.append_number(value.number);
        break;
      case LogValue::Kind::text:
        write_string(value.text);
        break;
      case LogValue::Kind::data:
        append_json(*value.data, out_);
        break;
    }
    return true;
  }

  void write_string(std::string_view text) {
    out_.push_back('"');
    append_json_escaped(text, out_);
    out_.push_back('"');
  }

  bool omit_empty_;
  const LogContext& context_;
  LogScratch& scratch_;
  LineBuffer& out_;
};

}  // namespace

void evaluate_json(const config::JsonFormat& format, bool omit_empty, const LogContext& context,
                   LogScratch& scratch, LineBuffer& out) {
  size_t before = out.size();
  if (JsonEvaluation(omit_empty, context, scratch, out).write(format)) return;
  out.rewind(before);
  out.append("{}");
}

}  // namespace outrigger::observe
