#include "xds/tls_secrets.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fmt/format.h"

#include "api/stats_tls.h"
#include "xds/compile_environment.h"
#include "xds/compile_tls.h"
#include "xds/field_errors.h"
#include "xds/init_set.h"
#include "xds/secret_file.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::ConfigSource;

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status not_from_server(const SdsSecretConfig& from) {
  FieldErrors errors;
  errors.add(
      "sds_config",
      fmt::format("secret '{}': there is no management server here (ads, api_config_source), only "
                  "files (path_config_source)",
                  from.name()));
  return errors.status();
}

// The field's path inside a secret instead of that inside a context made of it.
absl::Status path_in_secret(const absl::Status& status) {
  std::string text(status.message());
  constexpr std::pair<std::string_view, std::string_view> kPaths[] = {
      {"common_tls_context.tls_certificates[0]", "tls_certificate"},
      {"common_tls_context.validation_context", "validation_context"}};
  for (const auto& [from, to] : kPaths) {
    if (text.starts_with(from)) text.replace(0, from.size(), to);
  }
  return absl::InvalidArgumentError(text);
}

// What a context has from its secrets.
std::vector<std::string> secrets_of(const config::TlsContext& context) {
  std::vector<std::string> all = context.ticket_keys;
  for (const config::TlsCertificate& one : context.certificates) {
    for (const std::string* text :
         {&one.chain_pem, &one.key_pem, &one.password, &one.pkcs12, &one.ocsp_staple})
      all.push_back(*text);
  }
  if (!context.validation) return all;
  const config::TlsValidation& from = *context.validation;
  all.push_back(from.ca_pem);
  all.push_back(from.crl_pem);
  for (const config::SanMatcher& san : from.sans) {
    all.push_back(fmt::format(
        "{} {} {} {} {}", static_cast<int>(san.type), san.oid, static_cast<int>(san.matcher.kind),
        san.matcher.ignore_case,
        san.matcher.regex == nullptr ? san.matcher.text : san.matcher.regex->pattern()));
  }
  all.insert(all.end(), from.certificate_hashes.begin(), from.certificate_hashes.end());
  all.push_back("spki");
  all.insert(all.end(), from.spki_hashes.begin(), from.spki_hashes.end());
  return all;
}

}  // namespace

void TlsInputs::watch_file(const std::string& path) {
  watch(directory_of(path));
}

absl::StatusOr<const TlsSecret*> TlsInputs::secret(const SdsSecretConfig& from) {
  FieldErrors errors;
  if (!from.has_sds_config()) {
    auto found = secrets_.static_.find(from.name());
    if (found != secrets_.static_.end()) return &found->second;
    errors.add("name", fmt::format("unknown static secret: '{}'", from.name()));
    return errors.status();
  }
  const ConfigSource& source = from.sds_config();
  bool is_file = source.has_path_config_source() || !source.path().empty();
  return is_file ? from_file(from) : from_server(from);
}

absl::StatusOr<const TlsSecret*> TlsInputs::from_server(const SdsSecretConfig& from) {
  if (secrets_.source_ == nullptr) return not_from_server(from);
  auto remote = secrets_.source_->find(from);
  if (!remote.ok()) return remote.status();
  remotes_.push_back(*std::move(remote));
  const RemoteSecret* secret = remotes_.back().get();
  return secret == candidate_of_ ? candidate_ : secret->current();
}

absl::StatusOr<const TlsSecret*> TlsInputs::from_file(const SdsSecretConfig& from) {
  FieldErrors errors;
  const ConfigSource& source = from.sds_config();
  std::string path =
      source.has_path_config_source() ? source.path_config_source().path() : source.path();
  if (access(path.c_str(), F_OK) != 0) {
    errors.add(
        "sds_config.path_config_source.path",
        fmt::format("paths must refer to an existing path in the system: '{}' does not exist",
                    path));
    return errors.status();
  }
  if (source.path_config_source().has_watched_directory()) {
    watch(source.path_config_source().watched_directory().path());
  } else {
    watch_file(path);
  }
  auto file = load_secret_file(path);
  if (!file.ok()) {
    secrets_.warn(
        fmt::format("secret '{}': {}", from.name(), std::string(file.status().message())));
    return nullptr;
  }
  for (TlsSecret& secret : *file) {
    if (secret.name() != from.name()) continue;
    loaded_.push_back(std::make_unique<TlsSecret>(std::move(secret)));
    return loaded_.back().get();
  }
  secrets_.warn(fmt::format("secret '{}' is not in {}", from.name(), path));
  return nullptr;
}

absl::StatusOr<config::TlsContextSlotPtr> TlsSecrets::make_slot(std::string what, TlsSide side,
                                                                StatsScopePtr factory_stats,
                                                                Compile compile_context,
                                                                InitSet* init) {
  auto slot = std::make_shared<config::TlsContextSlot>();
  slot->factory_stats = std::move(factory_stats);
  auto entry = std::make_unique<Entry>();
  entry->what = std::move(what);
  entry->side = side;
  entry->compile = std::move(compile_context);
  entry->slot = slot;
  TlsInputs inputs(*this);
  auto compiled = compile(*entry, inputs);
  if (!compiled.ok()) return compiled.status();
  if (compiled->context != nullptr) {
    note_facts(*entry, *compiled);
    slot->set(std::move(compiled->context));
  }
  forget_unused();
  watch(*entry, inputs);
  entry->remotes = std::move(inputs.remotes_);
  for (const auto& remote : entry->remotes) {
    if (init != nullptr && remote->current() == nullptr) remote->wait_in(*init);
  }
  entries_.push_back(std::move(entry));
  return slot;
}

absl::StatusOr<TlsSecrets::Compiled> TlsSecrets::compile(const Entry& entry,
                                                         TlsInputs& inputs) const {
  Compiled out;
  auto context = entry.compile(inputs);
  if (!context.ok()) return context.status();
  out.context = *std::move(context);
  if (out.context == nullptr || !services_.check) return out;
  auto facts = services_.check(*out.context, entry.side);
  if (!facts.ok()) return facts.status();
  out.facts = *std::move(facts);
  return out;
}

void TlsSecrets::show_expiry(Entry& entry, const config::TlsContext& context) {
  if (context.registry == nullptr || context.stats == nullptr) return;
  std::vector<StatsScopePtr> scopes;
  for (const TlsCertificateFact& fact : entry.facts) {
    std::string name = stat_name(fact.name);
    std::vector<StatTag> tags = context.stats->tags();
    tags.push_back({"envoy.tls_certificate", name});
    scopes.push_back(context.registry->scope<TlsCertificateStats>(
        fmt::format("{}certificate.{}.", context.stats->prefix(), name),
        context.stats->extracted_prefix() + "certificate.", std::move(tags)));
    scopes.back()
        ->local<TlsCertificateStats>(StatsScope::kMainThread)
        .expiration_unix_time_seconds.set(std::chrono::system_clock::to_time_t(fact.not_after));
  }
  entry.expiry_stats = std::move(scopes);
}

void TlsSecrets::watch(Entry& entry, const TlsInputs& inputs) {
  if (services_.watcher == nullptr) return;
  for (const std::string& directory : inputs.directories_) {
    auto& place = entry.watches[directory];
    if (place == nullptr)
      place = services_.watcher->watch(directory, [this, &entry] { update(entry); });
  }
}

void TlsSecrets::count_rejected(const Entry& entry) {
  if (auto slot = entry.slot.lock())
    slot->factory_stats->local<TlsFactoryStats>(StatsScope::kMainThread)
        .ssl_context_update_rejected.inc();
}

void TlsSecrets::update(Entry& entry) {
  config::TlsContextSlotPtr slot = entry.slot.lock();
  if (slot == nullptr) return;
  TlsInputs inputs(*this);
  auto compiled = compile(entry, inputs);
  watch(entry, inputs);
  if (!compiled.ok() || compiled->context == nullptr) {
    count_rejected(entry);
    warn(fmt::format(
        "{}ssl: a changed certificate or authority cannot be used, the last good one stays in "
        "force: {}",
        entry.what,
        compiled.ok() ? "the secret is missing" : std::string(compiled.status().message())));
    return;
  }
  put_in_force(entry, *std::move(compiled), "changed certificates are in force");
}

void TlsSecrets::put_in_force(Entry& entry, Compiled compiled, const char* what) {
  config::TlsContextSlotPtr slot = entry.slot.lock();
  if (slot == nullptr) return;
  note_facts(entry, compiled);
  config::TlsContextPtr present = slot->current();
  if (present != nullptr && secrets_of(*present) == secrets_of(*compiled.context)) return;
  slot->set(std::move(compiled.context));
  slot->factory_stats->local<TlsFactoryStats>(StatsScope::kMainThread)
      .ssl_context_update_by_sds.inc();
  if (services_.log) services_.log(false, fmt::format("{}ssl: {}", entry.what, what));
}

void TlsSecrets::note_facts(Entry& entry, const Compiled& compiled) {
  if (!services_.check) return;
  entry.facts = compiled.facts;
  show_expiry(entry, *compiled.context);
}

// By itself, as far as that can be said: its field's path is that inside the secret.
absl::Status TlsSecrets::check_alone(const TlsSecret& secret) const {
  FieldErrors errors;
  TlsInputs inputs(*this);
  config::TlsContext context;
  context.stats = std::make_shared<StatsScope>("", "", std::vector<StatTag>(), TlsStats::layout());
  TlsSide side = TlsSide::downstream;
  if (secret.has_tls_certificate()) {
    context.certificates.push_back(errors.take_nested(
        "tls_certificate",
        compile_tls_certificate(secret.tls_certificate(), SecretOrigin::secret, inputs)));
  } else if (secret.has_session_ticket_keys()) {
    errors.take_nested("session_ticket_keys", compile_ticket_keys(secret.session_ticket_keys(),
                                                                  SecretOrigin::secret, inputs));
    return errors.status();
  } else if (secret.validation_context().has_trusted_ca()) {
    side = TlsSide::upstream;
    context.validation = errors.take_nested(
        "validation_context",
        compile_tls_validation(secret.validation_context(), SecretOrigin::secret, inputs));
  } else if (!secret.has_validation_context()) {
    errors.add("", "has none of tls_certificate, validation_context, session_ticket_keys");
  } else {
    return absl::OkStatus();  // its contexts bring along what it lacks
  }
  if (!errors.empty() || !services_.check) return errors.status();
  auto facts = services_.check(context, side);
  if (!facts.ok()) errors.add_nested("", path_in_secret(facts.status()));
  return errors.status();
}

absl::Status TlsSecrets::apply(const RemoteSecret& secret, const TlsSecret& candidate) {
  if (absl::Status status = check_alone(candidate); !status.ok()) return status;
  forget_unused();
  struct Change {
    Entry* entry;
    Compiled compiled;
    TlsInputs inputs;
  };
  std::vector<Change> changes;
  for (const auto& entry : entries_) {
    auto uses = [&](const auto& remote) { return remote.get() == &secret; };
    if (std::none_of(entry->remotes.begin(), entry->remotes.end(), uses)) continue;
    Change& change = changes.emplace_back(Change{entry.get(), {}, TlsInputs(*this)});
    change.inputs.candidate_of_ = &secret;
    change.inputs.candidate_ = &candidate;
    auto compiled = compile(*entry, change.inputs);
    if (!compiled.ok()) {
      count_rejected(*entry);
      return absl::InvalidArgumentError(
          fmt::format("{}ssl: {}", entry->what, std::string(compiled.status().message())));
    }
    change.compiled = *std::move(compiled);
  }
  for (Change& change : changes) {
    watch(*change.entry, change.inputs);
    if (change.compiled.context != nullptr)
      put_in_force(*change.entry, std::move(change.compiled), "the secret is in force");
  }
  return absl::OkStatus();
}

void TlsSecrets::forget_unused() {
  std::erase_if(entries_, [](const auto& entry) { return entry->slot.expired(); });
}

std::vector<config::TlsContextPtr> TlsSecrets::contexts() const {
  std::vector<config::TlsContextPtr> all;
  for (const auto& entry : entries_) {
    config::TlsContextSlotPtr slot = entry->slot.lock();
    config::TlsContextPtr context = slot == nullptr ? nullptr : slot->current();
    if (context != nullptr) all.push_back(std::move(context));
  }
  return all;
}

// The earliest of what `time_of` says of each certificate in use.
template <class TimeOf>
TlsSecrets::OptionalTime TlsSecrets::first(TimeOf time_of) const {
  OptionalTime out;
  for (const auto& entry : entries_) {
    if (entry->slot.expired()) continue;
    for (const TlsCertificateFact& fact : entry->facts) {
      OptionalTime time = time_of(fact);
      if (time && (!out || *time < *out)) out = time;
    }
  }
  return out;
}

TlsSecrets::OptionalTime TlsSecrets::first_expiry() const {
  return first([](const TlsCertificateFact& fact) { return OptionalTime(fact.not_after); });
}

TlsSecrets::OptionalTime TlsSecrets::first_ocsp_expiry() const {
  return first([](const TlsCertificateFact& fact) { return fact.ocsp_not_after; });
}

}  // namespace outrigger::xds
