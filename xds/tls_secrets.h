// TlsSecrets: where the certificates, keys and authorities of TLS contexts come from, and what
// brings them up to date: secrets of the bootstrap by name, files of secrets (path_config_source),
// watched directories. A context whose files changed is compiled anew from its message, all or
// nothing: what cannot be used leaves the last good one in force. Thread: main. Lifetime: the
// process's; contexts do not need it once they are compiled, unless their files are watched.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

#include "api/config/tls.h"

namespace outrigger::xds {

class InitSet;

using TlsSecret = envoy::extensions::transport_sockets::tls::v3::Secret;
using SdsSecretConfig = envoy::extensions::transport_sockets::tls::v3::SdsSecretConfig;

// Tells when a file of a directory was written or moved there, a link among them (Kubernetes swaps
// links). A directory that goes away and comes back counts as changed.
class DirectoryWatcher {
 public:
  class Watch {
   public:
    virtual ~Watch() = default;  // ends it
  };
  virtual ~DirectoryWatcher() = default;
  // `changed` is called later, never from inside; several changes at once are one call.
  virtual std::unique_ptr<Watch> watch(const std::string& directory,
                                       std::function<void()> changed) = 0;
};

// Which side's context it is.
enum class TlsSide : uint8_t {
  downstream,
  upstream
};

struct TlsCertificateFact {
  std::string name;  // the secret's, or one made for it
  std::chrono::system_clock::time_point not_after;
  std::optional<std::chrono::system_clock::time_point> ocsp_not_after = {};  // of its OCSP answer
};

// What the process brings along; a test may leave out any of it.
struct TlsServices {
  DirectoryWatcher* watcher = nullptr;  // nullptr: files are read once
  // Whether OpenSSL takes the context, and the certificates in it, authorities too. Errors open
  // with the field's path inside the side's message.
  std::function<absl::StatusOr<std::vector<TlsCertificateFact>>(const config::TlsContext&, TlsSide)>
      check;
  std::function<void(bool warning, const std::string& text)> log;
  std::shared_ptr<const config::TicketKeyRing> ticket_keys;
};

// One secret that comes from elsewhere. Kept by the contexts that use it.
class RemoteSecret {
 public:
  virtual ~RemoteSecret() = default;
  // The one to use now; nullptr: none came yet.
  virtual const TlsSecret* current() const = 0;
  // Whoever waits for the first one. Already there, or no longer coming: does nothing.
  virtual void wait_in(InitSet& init) = 0;
};

// Where the secrets of ads and api_config_source come from.
class SecretSource {
 public:
  // An error opens with the field's path inside of `from`.
  virtual absl::StatusOr<std::shared_ptr<RemoteSecret>> find(const SdsSecretConfig& from) = 0;

 protected:
  ~SecretSource() = default;
};

class TlsSecrets;

// What a compilation used, so that it can be watched.
class TlsInputs {
 public:
  // The named secret of `from`: one of the bootstrap, of a file or of a management server. nullptr:
  // it is not there (yet). An error: it is nowhere.
  absl::StatusOr<const TlsSecret*> secret(const SdsSecretConfig& from);
  void watch(const std::string& directory) { directories_.insert(directory); }
  // The files that a secret from a file names are watched themselves.
  void watch_file(const std::string& path);

 private:
  friend class TlsSecrets;
  explicit TlsInputs(const TlsSecrets& secrets) : secrets_(secrets) {}
  absl::StatusOr<const TlsSecret*> from_file(const SdsSecretConfig& from);
  absl::StatusOr<const TlsSecret*> from_server(const SdsSecretConfig& from);

  const TlsSecrets& secrets_;
  std::vector<std::shared_ptr<RemoteSecret>> remotes_;
  // Compiled with in the place of the present one, to see whether it can be used.
  const RemoteSecret* candidate_of_ = nullptr;
  const TlsSecret* candidate_ = nullptr;
  std::set<std::string> directories_;
  std::vector<std::unique_ptr<TlsSecret>> loaded_;
};

class TlsSecrets {
 public:
  explicit TlsSecrets(TlsServices services = {}) : services_(std::move(services)) {}
  TlsSecrets(const TlsSecrets&) = delete;
  TlsSecrets& operator=(const TlsSecrets&) = delete;

  // Where secrets of management servers come from; nullptr: such are refused.
  void set_source(SecretSource* source) { source_ = source; }
  void set_static(const TlsSecret& secret) { static_[secret.name()] = secret; }
  const TlsServices& services() const { return services_; }

  // Compiles a context from what the inputs give. nullptr: a secret is not there yet.
  using Compile = std::function<absl::StatusOr<config::TlsContextPtr>(TlsInputs& inputs)>;
  // A slot with the compiled context, kept up to date as long as somebody holds it. `what` is for
  // the log: "listener.0.0.0.0_443.".
  // `init` waits for secrets that are not there yet; nullptr: nobody waits.
  absl::StatusOr<config::TlsContextSlotPtr> make_slot(std::string what, TlsSide side,
                                                      StatsScopePtr factory_stats, Compile compile,
                                                      InitSet* init = nullptr);
  // Puts `candidate` in force in every context that uses `secret`, or, if it cannot be used, in
  // none of them: the error says why.
  absl::Status apply(const RemoteSecret& secret, const TlsSecret& candidate);
  // Every context that somebody still uses, in the order of their making.
  std::vector<config::TlsContextPtr> contexts() const;
  // When the first of their certificates and authorities expires; nullopt: there are none.
  using OptionalTime = std::optional<std::chrono::system_clock::time_point>;
  OptionalTime first_expiry() const;
  // Of the OCSP answers.
  OptionalTime first_ocsp_expiry() const;
  void warn(const std::string& text) const {
    if (services_.log) services_.log(true, text);
  }

 private:
  friend class TlsInputs;
  struct Entry {
    std::string what;
    TlsSide side;
    Compile compile;
    std::weak_ptr<config::TlsContextSlot> slot;
    std::map<std::string, std::unique_ptr<DirectoryWatcher::Watch>> watches;
    std::vector<std::shared_ptr<RemoteSecret>> remotes;
    std::vector<TlsCertificateFact> facts;
    std::vector<StatsScopePtr> expiry_stats;
  };

  struct Compiled {
    config::TlsContextPtr context;  // nullptr: a secret is not there yet
    std::vector<TlsCertificateFact> facts;
  };

  template <class TimeOf>
  OptionalTime first(TimeOf time_of) const;
  absl::StatusOr<Compiled> compile(const Entry& entry, TlsInputs& inputs) const;
  absl::Status check_alone(const TlsSecret& secret) const;
  void put_in_force(Entry& entry, Compiled compiled, const char* what);
  void note_facts(Entry& entry, const Compiled& compiled);
  static void count_rejected(const Entry& entry);
  static void show_expiry(Entry& entry, const config::TlsContext& context);
  void update(Entry& entry);
  void watch(Entry& entry, const TlsInputs& inputs);
  void forget_unused();

  TlsServices services_;
  SecretSource* source_ = nullptr;
  std::map<std::string, TlsSecret> static_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace outrigger::xds
