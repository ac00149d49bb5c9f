// /stats/prometheus: the text exposition format; counters, gauges and histograms, each by name.
#include <iterator>

#include "fmt/format.h"

#include "proxy/observe/prometheus_families.h"
#include "proxy/observe/stat_rows.h"
#include "proxy/observe/stats_render.h"

namespace outrigger::observe {
namespace {

using Kind = PrometheusFamilies::Kind;

class PrometheusRender : public StatsRender {
 public:
  PrometheusRender(const StatsStore& store, const StatsQuery& query)
      : query_(query),
        names_(store.shared_names()),
        families_(store, query),
        family_(families_.map().begin()) {}

  bool next(std::string& out) override {
    size_t end = out.size() + kPieceBytes;
    for (; out.size() < end && family_ != families_.map().end(); advance()) {
      const auto& part = family_->second[part_];
      if (part.scope != nullptr) {
        write(*part.scope, *part.fields.front(), part.code, part.labels, out);
      } else {
        write_scope(part, out);
      }
    }
    return family_ != families_.map().end();
  }

 private:
  void advance() {
    const auto& part = family_->second[part_];
    if (part.scope == nullptr && ++scope_ < part.group->scopes.size()) return;
    scope_ = 0;
    if (++part_ < family_->second.size()) return;
    part_ = 0;
    ++family_;
    type_written_ = false;
  }

  // The series of one scope of a group.
  void write_scope(const PrometheusFamilies::Part& part, std::string& out) {
    const StoredScope& scope = *part.group->scopes[scope_];
    for (const StatField* field : part.fields) {
      if (!scope.listed(*field, query_.used_only)) continue;
      auto one = [&](int code) {
        if (families_.is_single(scope, *field, code)) return;
        labels_.clear();
        PrometheusFamilies::append_labels(names_->extract_field(field->name, code).tags, labels_);
        const std::string& shared = part.group->labels[scope_];
        if (!labels_.empty() && !shared.empty()) labels_ += ',';
        labels_ += shared;
        write(scope, *field, code, labels_, out);
      };
      if (field->kind == StatKind::codes) {
        scope.for_each_code(*field, [&](int code, uint64_t) { one(code); });
      } else {
        one(0);
      }
    }
  }

  void write(const StoredScope& scope, const StatField& field, int code, std::string_view labels,
             std::string& out) {
    name_.clear();
    append_stat_name(scope.prefix(), field.name, code, name_);
    if (!wanted(query_, *names_, name_)) return;
    write_type(out);
    switch (field.kind) {
      case StatKind::counter:
        write_value("", labels, scope.counter(field), out);
        break;
      case StatKind::gauge:
        write_value("", labels, scope.gauge(field), out);
        break;
      case StatKind::codes:
        write_value("", labels, scope.code(field, code), out);
        break;
      case StatKind::text: {
        std::string all(labels);
        PrometheusFamilies::append_labels({{"text_value", scope.text(field)}}, all);
        write_value("", all, 0, out);
        break;
      }
      case StatKind::histogram:
        if (summaries()) {
          write_summary(scope.histogram_interval(field), labels, out);
        } else {
          write_buckets(scope.histogram(field), labels, out);
        }
        break;
    }
  }

  bool summaries() const { return query_.buckets == StatsQuery::Buckets::none; }

  void write_type(std::string& out) {
    if (type_written_) return;
    type_written_ = true;
    const char* type = family_->first.kind == Kind::counter ? "counter"
                       : family_->first.kind == Kind::gauge ? "gauge"
                       : family_->first.kind == Kind::text  ? "gauge"
                       : summaries()                        ? "summary"
                                                            : "histogram";
    fmt::format_to(std::back_inserter(out), "# TYPE {} {}\n", family_->first.name, type);
  }

  template <class Value>
  void write_value(std::string_view suffix, std::string_view labels, Value value,
                   std::string& out) {
    out += family_->first.name;
    out += suffix;
    out += '{';
    out += labels;
    fmt::format_to(std::back_inserter(out), "}} {}\n", value);
  }

  // A series with one label more: le or quantile.
  template <class Bound, class Value>
  void write_bounded(std::string_view suffix, std::string_view labels, std::string_view label,
                     Bound bound, Value value, std::string& out) {
    fmt::format_to(std::back_inserter(out), "{}{}{{{}{}{}=\"{}\"}} {}\n", family_->first.name,
                   suffix, labels, labels.empty() ? "" : ",", label, bound, value);
  }

  void write_buckets(const HistogramSummary& total, std::string_view labels, std::string& out) {
    for (double bound : names_->buckets(name_)) {
      write_bounded("_bucket", labels, "le", bound, total.count_up_to(bound), out);
    }
    write_bounded("_bucket", labels, "le", "+Inf", total.count(), out);
    write_value("_sum", labels, total.sum(), out);
    write_value("_count", labels, total.count(), out);
  }

  void write_summary(const HistogramSummary& interval, std::string_view labels, std::string& out) {
    for (double percent : kQuantiles) {
      write_bounded("", labels, "quantile", percent / 100, interval.quantile(percent), out);
    }
    write_value("_sum", labels, interval.sum(), out);
    write_value("_count", labels, interval.count(), out);
  }

  StatsQuery query_;
  std::shared_ptr<const StatNames> names_;
  PrometheusFamilies families_;
  PrometheusFamilies::Map::const_iterator family_;
  size_t part_ = 0;
  size_t scope_ = 0;
  bool type_written_ = false;
  std::string name_;
  std::string labels_;
};

}  // namespace

std::unique_ptr<StatsRender> render_stats_prometheus(const StatsStore& store,
                                                     const StatsQuery& query) {
  return std::make_unique<PrometheusRender>(store, query);
}

}  // namespace outrigger::observe
