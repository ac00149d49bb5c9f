#include "xds/dynamic/secrets.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "fmt/format.h"

#include "api/stats_xds.h"
#include "xds/dynamic/redact.h"
#include "xds/field_errors.h"
#include "xds/init_set.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {

// One secret: its subscription, and who waits for it.
class Secrets::Entry final : public RemoteSecret, private SubscriptionHandler {
 public:
  Entry(Secrets& owner, std::string name)
      : owner_(&owner), name_(canonical_name(std::move(name))) {}

  absl::Status subscribe(const SdsSecretConfig& from) {
    SubscriptionRequest request;
    request.type_url = kSecretType;
    request.names = {name_};
    request.stats = owner_->stats_.scope<SubscriptionStats>(fmt::format("sds.{}.", name_));
    auto made = owner_->sources_.subscribe(from.sds_config(), std::move(request), *this);
    if (!made.ok()) return made.status();
    subscription_ = *std::move(made);
    return absl::OkStatus();
  }
  // The process ends: contexts may still hold us.
  void detach() {
    subscription_.reset();
    owner_ = nullptr;
  }

  const TlsSecret* current() const override { return current_ ? &*current_ : nullptr; }
  void wait_in(InitSet& init) override {
    if (waiting_over_ || owner_ == nullptr) return;
    targets_.push_back(init.add(fmt::format("SdsApi {}", name_)));
  }

 private:
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override {
    UpdateResult result;
    for (const Resource& resource : update->added) {
      if (resource.name != name_) continue;
      if (absl::Status status = take(resource); !status.ok()) {
        std::string reason(status.message());
        std::replace(reason.begin(), reason.end(), '\n', ';');
        owner_->ledger_.rejected(kSecretType, redacted(resource), reason);
        result.rejected.push_back({name_, std::move(reason)});
      }
    }
    // What a server takes back stays in force: a context without its secret serves nobody.
    end_wait();
    done(std::move(result));
  }
  void on_fetch_timeout() override { end_wait(); }

  absl::Status take(const Resource& resource) {
    auto secret = owner_->reader_.read<TlsSecret>(resource.body);
    if (!secret.ok()) return secret.status();
    if (absl::Status status = owner_->contexts_.apply(*this, **secret); !status.ok()) return status;
    current_ = std::move(**secret);
    owner_->ledger_.activated(kSecretType, redacted(resource));
    return absl::OkStatus();
  }

  static Resource redacted(const Resource& resource) {
    return {resource.name, resource.version, {}, redact_secret(resource.body)};
  }

  void end_wait() {
    waiting_over_ = true;
    auto targets = std::exchange(targets_, {});
    for (const auto& target : targets) target->ready();
  }

  Secrets* owner_;  // nullptr: detached
  const std::string name_;
  std::optional<TlsSecret> current_;
  std::vector<std::shared_ptr<InitTarget>> targets_;
  bool waiting_over_ = false;
  std::unique_ptr<Subscription> subscription_;
};

Secrets::Secrets(TlsSecrets& contexts, SubscriptionFactory& sources, ResourceReader& reader,
                 StatsRegistry& stats, Ledger& ledger)
    : contexts_(contexts), sources_(sources), reader_(reader), stats_(stats), ledger_(ledger) {
  contexts_.set_source(this);
}

Secrets::~Secrets() {
  contexts_.set_source(nullptr);
  for (const auto& [key, entry] : entries_) {
    if (auto alive = entry.lock()) alive->detach();
  }
}

absl::StatusOr<std::shared_ptr<RemoteSecret>> Secrets::find(const SdsSecretConfig& from) {
  std::string key = from.SerializeAsString();
  if (auto at = entries_.find(key); at != entries_.end()) {
    if (auto alive = at->second.lock()) return alive;
  }
  std::erase_if(entries_, [](const auto& one) { return one.second.expired(); });
  FieldErrors errors;
  if (from.name().empty()) {
    errors.add("name", "a secret of a config source needs a name");
    return errors.status();
  }
  auto entry = std::make_shared<Entry>(*this, from.name());
  if (absl::Status status = entry->subscribe(from); !status.ok()) {
    errors.add_nested("sds_config", status);
    return errors.status();
  }
  entries_[key] = entry;
  return entry;
}

}  // namespace outrigger::xds
